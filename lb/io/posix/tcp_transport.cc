#include "lb/io/posix/tcp_transport.h"

#include <utility>

#include "asio/io_context.hpp"
#include "asio/ip/tcp.hpp"
#include "asio/ip/v6_only.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/apply_options.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/tcp_stream.h"

namespace lb::io {
namespace {

using asio::ip::tcp;

// When the process has no descriptor left, say.
constexpr absl::Duration kAcceptRetry = absl::Milliseconds(100);

}  // namespace

// Lives on in the handler that waits for the socket.
struct TcpTransport::State : std::enable_shared_from_this<State> {
  explicit State(PosixLoop* on_loop)
      : loop(on_loop), acceptor(on_loop->context()) {}

  absl::Status Listen(const net::Endpoint& at, const StreamOptions& options);
  void Accept();
  void OnAccept(const asio::error_code& error, tcp::socket socket);
  void Close();

  PosixLoop* const loop;
  tcp::acceptor acceptor;
  net::Endpoint local;
  std::shared_ptr<OnAccepted> on_accepted;
  std::unique_ptr<Timer> retry_timer;
  bool closed = false;
};

absl::Status TcpTransport::State::Listen(const net::Endpoint& at,
                                         const StreamOptions& options) {
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
  const int socket = acceptor.native_handle();
  LB_RETURN_IF_ERROR(ApplyOptions(socket, at.address, options.socket, place));
  if (options.user_timeout != absl::ZeroDuration()) {
    LB_RETURN_IF_ERROR(ApplyUserTimeout(socket, options.user_timeout, place));
  }
  for (const Md5Key& key : options.md5_keys) {
    LB_RETURN_IF_ERROR(ApplyMd5Key(socket, at.address, key, place));
  }
  acceptor.bind(endpoint, error);
  if (error) return BindError(place, error);
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

void TcpTransport::State::Close() {
  closed = true;
  asio::error_code ignored;
  acceptor.close(ignored);
  retry_timer = nullptr;
  // Destroyed last: it may own objects that call back.
  const auto accepted = std::exchange(on_accepted, nullptr);
}

absl::StatusOr<std::unique_ptr<TcpTransport>> TcpTransport::Create(
    PosixLoop* loop, const net::Endpoint& at, const StreamOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options, at.address));
  auto state = std::make_shared<State>(loop);
  LB_RETURN_IF_ERROR(state->Listen(at, options));
  state->retry_timer =
      loop->NewTimer([raw = state.get()] { raw->Accept(); });  // Dies with it.
  state->Accept();
  return std::unique_ptr<TcpTransport>(
      new TcpTransport(std::move(state), options));
}

TcpTransport::TcpTransport(std::shared_ptr<State> state,
                           const StreamOptions& options)
    : state_(std::move(state)),
      dialer_(state_->loop, state_->local.address, options) {}

TcpTransport::~TcpTransport() { state_->Close(); }

net::Endpoint TcpTransport::local() const { return state_->local; }

void TcpTransport::Connect(const net::Endpoint& to, absl::Time deadline,
                           OnConnected on_connected) {
  dialer_.Connect(to, deadline, std::move(on_connected));
}

void TcpTransport::SetAcceptor(OnAccepted on_accepted) {
  state_->on_accepted =
      on_accepted ? std::make_shared<OnAccepted>(std::move(on_accepted))
                  : nullptr;
}

}  // namespace lb::io
