#include "lb/io/posix/tcp_transport.h"

#include <list>
#include <utility>

#include "asio/io_context.hpp"
#include "asio/ip/tcp.hpp"
#include "asio/ip/v6_only.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/tcp_stream.h"

namespace lb::io {
namespace {

using asio::ip::tcp;

// When the process has no descriptor left, say.
constexpr absl::Duration kAcceptRetry = absl::Milliseconds(100);

// One Connect() that is not answered.
struct Attempt {
  explicit Attempt(asio::io_context& context) : socket(context) {}

  tcp::socket socket;
  std::unique_ptr<Timer> timer;
  StreamTransport::OnConnected on_connected;
};

}  // namespace

// Lives on in the handlers that wait for sockets.
struct TcpTransport::State : std::enable_shared_from_this<State> {
  using Attempts = std::list<std::shared_ptr<Attempt>>;

  explicit State(PosixLoop* on_loop)
      : loop(on_loop), acceptor(on_loop->context()) {}

  absl::Status Listen(const net::Endpoint& at);
  void Accept();
  void OnAccept(const asio::error_code& error, tcp::socket socket);
  absl::Status Open(tcp::socket& socket, const tcp::endpoint& to);
  void Start(const std::shared_ptr<Attempt>& attempt, const net::Endpoint& to);
  void Answer(const std::shared_ptr<Attempt>& attempt,
              absl::StatusOr<std::unique_ptr<Stream>> stream);
  void Close();

  PosixLoop* const loop;
  tcp::acceptor acceptor;
  net::Endpoint local;
  std::shared_ptr<OnAccepted> on_accepted;
  std::unique_ptr<Timer> retry_timer;
  Attempts attempts;
  bool closed = false;
};

absl::Status TcpTransport::State::Listen(const net::Endpoint& at) {
  const std::string place = fmt::format("tcp {}", at.ToString());
  const tcp::endpoint endpoint = ToAsio<tcp::endpoint>(at);
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return Unavailable(place, error);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (error) return Unavailable(place, error);
  if (at.address.is_ipv6()) {
    acceptor.set_option(asio::ip::v6_only(!at.address.is_unspecified()), error);
    if (error) return Unavailable(place, error);
  }
  acceptor.bind(endpoint, error);
  if (error) return Unavailable(place, error);
  acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Unavailable(place, error);
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return Unavailable(place, error);
  local = {at.address, bound.port()};
  return absl::OkStatus();
}

void TcpTransport::State::Accept() {
  acceptor.async_accept([self = shared_from_this()](
                            const asio::error_code& error, tcp::socket socket) {
    const PosixLoop::MeasuredTurn turn(self->loop, "accepts a stream");
    self->OnAccept(error, std::move(socket));
  });
}

void TcpTransport::State::OnAccept(const asio::error_code& error,
                                   tcp::socket socket) {
  if (closed) return;
  if (error && error != asio::error::connection_aborted) {
    retry_timer->Arm(loop->Now() + kAcceptRetry);
    return;
  }
  asio::error_code unknown;
  const tcp::endpoint peer = socket.remote_endpoint(unknown);
  const auto called = on_accepted;  // Lives while it runs.
  if (!error && !unknown && called != nullptr) {
    (*called)(
        std::make_unique<TcpStream>(loop, std::move(socket), FromAsio(peer)));
  }
  if (!closed) Accept();
}

absl::Status TcpTransport::State::Open(tcp::socket& socket,
                                       const tcp::endpoint& to) {
  const std::string place =
      fmt::format("connect to {}", FromAsio(to).ToString());
  asio::error_code error;
  socket.open(to.protocol(), error);
  if (error) return Unavailable(place, error);
  if (!local.address.is_unspecified()) {
    socket.bind({ToAsio(local.address), /*port=*/0}, error);
    if (error) return Unavailable(place, error);
  }
  return absl::OkStatus();
}

void TcpTransport::State::Start(const std::shared_ptr<Attempt>& attempt,
                                const net::Endpoint& to) {
  const absl::StatusOr<tcp::endpoint> peer =
      ToAsioFrom<tcp::endpoint>(local, to);
  const absl::Status opened =
      peer.ok() ? Open(attempt->socket, *peer)
                : absl::UnavailableError(peer.status().message());
  if (!opened.ok()) {
    loop->Post([self = shared_from_this(), attempt, opened] {
      self->Answer(attempt, opened);
    });
    return;
  }
  attempt->socket.async_connect(*peer, [self = shared_from_this(), attempt,
                                        to](const asio::error_code& error) {
    const PosixLoop::MeasuredTurn turn(self->loop, "opens a stream");
    if (!attempt->on_connected) return;
    if (error) {
      self->Answer(
          attempt,
          Unavailable(fmt::format("connect to {}", to.ToString()), error));
      return;
    }
    self->Answer(attempt, std::make_unique<TcpStream>(
                              self->loop, std::move(attempt->socket), to));
  });
}

void TcpTransport::State::Answer(
    const std::shared_ptr<Attempt>& attempt,
    absl::StatusOr<std::unique_ptr<Stream>> stream) {
  if (!attempt->on_connected) return;
  auto on_connected = std::exchange(attempt->on_connected, nullptr);
  attempt->timer = nullptr;
  asio::error_code ignored;
  attempt->socket.close(ignored);
  attempts.remove(attempt);
  on_connected(std::move(stream));
}

void TcpTransport::State::Close() {
  closed = true;
  asio::error_code ignored;
  acceptor.close(ignored);
  retry_timer = nullptr;
  // Destroyed last: they may own objects that call back.
  const auto accepted = std::exchange(on_accepted, nullptr);
  const Attempts abandoned = std::exchange(attempts, {});
  for (const auto& attempt : abandoned) {
    attempt->socket.close(ignored);
    attempt->timer = nullptr;
    const auto on_connected = std::exchange(attempt->on_connected, nullptr);
  }
}

absl::StatusOr<std::unique_ptr<TcpTransport>> TcpTransport::Create(
    PosixLoop* loop, const net::Endpoint& at) {
  auto state = std::make_shared<State>(loop);
  LB_RETURN_IF_ERROR(state->Listen(at));
  state->retry_timer =
      loop->NewTimer([raw = state.get()] { raw->Accept(); });  // Dies with it.
  state->Accept();
  return std::unique_ptr<TcpTransport>(new TcpTransport(std::move(state)));
}

TcpTransport::TcpTransport(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

TcpTransport::~TcpTransport() { state_->Close(); }

net::Endpoint TcpTransport::local() const { return state_->local; }

void TcpTransport::Connect(const net::Endpoint& to, absl::Time deadline,
                           OnConnected on_connected) {
  auto attempt = std::make_shared<Attempt>(state_->loop->context());
  attempt->on_connected = std::move(on_connected);
  attempt->timer = state_->loop->NewTimer(
      [raw = state_.get(), weak = std::weak_ptr<Attempt>(attempt), to] {
        const auto late = weak.lock();
        if (late == nullptr) return;
        raw->Answer(late, absl::DeadlineExceededError(fmt::format(
                              "connect to {}: no answer", to.ToString())));
      });
  attempt->timer->Arm(deadline);
  state_->attempts.push_back(attempt);
  if (deadline > state_->loop->Now()) state_->Start(attempt, to);
}

void TcpTransport::SetAcceptor(OnAccepted on_accepted) {
  state_->on_accepted =
      on_accepted ? std::make_shared<OnAccepted>(std::move(on_accepted))
                  : nullptr;
}

}  // namespace lb::io
