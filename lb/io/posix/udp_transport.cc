#include "lb/io/posix/udp_transport.h"

#include <array>
#include <utility>
#include <vector>

#include "asio/buffer.hpp"
#include "asio/io_context.hpp"
#include "asio/ip/udp.hpp"
#include "asio/ip/v6_only.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/apply_options.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/received_ttl.h"

namespace lb::io {
namespace {

using asio::ip::udp;

constexpr int kReceiveBufferSize = 2 << 20;

}  // namespace

// Lives on in the handler that waits for the socket.
struct UdpTransport::State : std::enable_shared_from_this<State> {
  explicit State(PosixLoop* loop) : loop(loop), socket(loop->context()) {}

  absl::Status Bind(const net::Endpoint& at, const SocketOptions& options);
  size_t ReceiveOne(udp::endpoint& from, asio::error_code& error);
  void Wait();
  void ReceiveSome();

  PosixLoop* const loop;
  udp::socket socket;
  net::Endpoint local;
  int min_ttl = 0;
  std::shared_ptr<Receiver> receiver;
  std::vector<uint8_t> buffer = std::vector<uint8_t>(65536);
};

absl::Status UdpTransport::State::Bind(const net::Endpoint& at,
                                       const SocketOptions& options) {
  const std::string place = fmt::format("udp {}", at.ToString());
  const udp::endpoint endpoint = ToAsio<udp::endpoint>(at);
  asio::error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) return Unavailable(place, error);
  if (at.address.is_ipv6()) {
    socket.set_option(asio::ip::v6_only(!at.address.is_unspecified()), error);
    if (error) return Unavailable(place, error);
  }
  // The kernel gives what it allows; less is no error.
  socket.set_option(udp::socket::receive_buffer_size(kReceiveBufferSize),
                    error);
  socket.non_blocking(true, error);
  if (error) return Unavailable(place, error);
  min_ttl = options.min_ttl;
  LB_RETURN_IF_ERROR(
      ApplyOptions(socket.native_handle(), at.address, options, place));
  if (min_ttl != 0) {
    LB_RETURN_IF_ERROR(AskForTtl(socket.native_handle(), at.address, place));
  }
  socket.bind(endpoint, error);
  if (error) return BindError(place, error);
  const udp::endpoint bound = socket.local_endpoint(error);
  if (error) return Unavailable(place, error);
  local = {at.address, bound.port()};
  return absl::OkStatus();
}

// Linux itself goes by the minimum of TCP sockets only.
size_t UdpTransport::State::ReceiveOne(udp::endpoint& from,
                                       asio::error_code& error) {
  if (min_ttl == 0) {
    return socket.receive_from(asio::buffer(buffer), from, /*flags=*/0, error);
  }
  const ReceivedWithTtl received =
      ReceiveWithTtl(socket.native_handle(), absl::MakeSpan(buffer), from);
  error = received.error;
  if (!error && received.ttl < min_ttl) error = asio::error::no_permission;
  return received.size;
}

void UdpTransport::State::Wait() {
  socket.async_wait(udp::socket::wait_read, [self = shared_from_this()](
                                                const asio::error_code&) {
    const PosixLoop::MeasuredTurn turn(self->loop, "takes datagrams");
    if (self->socket.is_open()) self->ReceiveSome();
  });
}

void UdpTransport::State::ReceiveSome() {
  if (!socket.is_open()) return;
  const absl::Time end = loop->Now() + kDatagramTurn;
  do {
    udp::endpoint from;
    asio::error_code error;
    const size_t size = ReceiveOne(from, error);
    if (error == asio::error::would_block) break;
    // About an earlier datagram, or one too far travelled; the next may be
    // well.
    if (error) continue;
    const std::shared_ptr<Receiver> called = receiver;  // Lives while it runs.
    if (called == nullptr) continue;
    (*called)(FromAsio(from), absl::MakeConstSpan(buffer).first(size));
  } while (socket.is_open() && loop->Now() < end);
  if (socket.is_open()) Wait();
}

absl::StatusOr<std::unique_ptr<UdpTransport>> UdpTransport::Create(
    PosixLoop* loop, const net::Endpoint& at, const SocketOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options));
  auto state = std::make_shared<State>(loop);
  LB_RETURN_IF_ERROR(state->Bind(at, options));
  state->Wait();
  return std::unique_ptr<UdpTransport>(new UdpTransport(std::move(state)));
}

UdpTransport::UdpTransport(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

UdpTransport::~UdpTransport() {
  asio::error_code ignored;
  state_->socket.close(ignored);
  state_->receiver = nullptr;
}

net::Endpoint UdpTransport::local() const { return state_->local; }

absl::Status UdpTransport::Send(const net::Endpoint& to,
                                absl::Span<const uint8_t> payload) {
  if (payload.size() > kDatagramSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("datagram to {}: {} bytes, want at most {}", to.ToString(),
                    payload.size(), kDatagramSizeMax));
  }
  LB_ASSIGN_OR_RETURN(const udp::endpoint endpoint,
                      ToAsioFrom<udp::endpoint>(state_->local.address, to));
  asio::error_code error;
  state_->socket.send_to(asio::buffer(payload.data(), payload.size()), endpoint,
                         /*flags=*/0, error);
  if (error) {
    return Unavailable(fmt::format("datagram to {}", to.ToString()), error);
  }
  return absl::OkStatus();
}

void UdpTransport::SetReceiver(Receiver receiver) {
  state_->receiver =
      receiver ? std::make_shared<Receiver>(std::move(receiver)) : nullptr;
}

}  // namespace lb::io
