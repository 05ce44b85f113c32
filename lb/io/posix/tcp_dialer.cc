#include "lb/io/posix/tcp_dialer.h"

#include <list>
#include <string>
#include <utility>

#include "asio/io_context.hpp"
#include "asio/ip/tcp.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/apply_options.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/tcp_stream.h"

namespace lb::io {
namespace {

using asio::ip::tcp;

// One Connect() that is not answered.
struct Attempt {
  explicit Attempt(asio::io_context& context) : socket(context) {}

  tcp::socket socket;
  std::unique_ptr<Timer> timer;
  StreamDialer::OnConnected on_connected;
};

}  // namespace

// Lives on in the handlers that wait for sockets.
struct TcpDialer::State : std::enable_shared_from_this<State> {
  using Attempts = std::list<std::shared_ptr<Attempt>>;

  State(PosixLoop* on_loop, const net::IpAddress& from, StreamOptions with)
      : loop(on_loop), source(from), options(std::move(with)) {}

  absl::Status Open(tcp::socket& socket, const tcp::endpoint& to);
  void Start(const std::shared_ptr<Attempt>& attempt, const net::Endpoint& to);
  void Answer(const std::shared_ptr<Attempt>& attempt,
              absl::StatusOr<std::unique_ptr<Stream>> stream);
  void Close();

  PosixLoop* const loop;
  const net::IpAddress source;
  const StreamOptions options;
  Attempts attempts;
};

absl::Status TcpDialer::State::Open(tcp::socket& socket,
                                    const tcp::endpoint& to) {
  const net::Endpoint peer = FromAsio(to);
  const std::string place = fmt::format("connect to {}", peer.ToString());
  asio::error_code error;
  socket.open(to.protocol(), error);
  if (error) return Unavailable(place, error);
  LB_RETURN_IF_ERROR(
      ApplyOptions(socket.native_handle(), source, options.socket, place));
  if (const Md5Key* const key = FindMd5Key(options, peer.address)) {
    LB_RETURN_IF_ERROR(
        ApplyMd5Key(socket.native_handle(), source, *key, place));
  }
  if (options.user_timeout != absl::ZeroDuration()) {
    LB_RETURN_IF_ERROR(
        ApplyUserTimeout(socket.native_handle(), options.user_timeout, place));
  }
  if (!source.is_unspecified()) {
    socket.bind({ToAsio(source), /*port=*/0}, error);
    if (error) return Unavailable(place, error);
  }
  return absl::OkStatus();
}

void TcpDialer::State::Start(const std::shared_ptr<Attempt>& attempt,
                             const net::Endpoint& to) {
  const absl::StatusOr<tcp::endpoint> peer =
      ToAsioFrom<tcp::endpoint>(source, to);
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
      const absl::Status why =
          Unavailable(fmt::format("connect to {}", to.ToString()), error);
      self->Answer(attempt, error == asio::error::connection_refused
                                ? RefusedError(std::string(why.message()))
                                : why);
      return;
    }
    self->Answer(attempt, std::make_unique<TcpStream>(
                              self->loop, std::move(attempt->socket), to));
  });
}

void TcpDialer::State::Answer(const std::shared_ptr<Attempt>& attempt,
                              absl::StatusOr<std::unique_ptr<Stream>> stream) {
  if (!attempt->on_connected) return;
  auto on_connected = std::exchange(attempt->on_connected, nullptr);
  attempt->timer = nullptr;
  asio::error_code ignored;
  attempt->socket.close(ignored);
  attempts.remove(attempt);
  on_connected(std::move(stream));
}

void TcpDialer::State::Close() {
  asio::error_code ignored;
  // Destroyed last: they may own objects that call back.
  const Attempts abandoned = std::exchange(attempts, {});
  for (const auto& attempt : abandoned) {
    attempt->socket.close(ignored);
    attempt->timer = nullptr;
    const auto on_connected = std::exchange(attempt->on_connected, nullptr);
  }
}

TcpDialer::TcpDialer(PosixLoop* loop, const net::IpAddress& source,
                     StreamOptions options)
    : state_(std::make_shared<State>(loop, source, std::move(options))) {}

TcpDialer::~TcpDialer() { state_->Close(); }

void TcpDialer::Connect(const net::Endpoint& to, absl::Time deadline,
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

}  // namespace lb::io
