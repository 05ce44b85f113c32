#include "lb/io/posix/udp_transport.h"

#include <array>
#include <utility>
#include <vector>

#include "asio/buffer.hpp"
#include "asio/ip/udp.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/received_datagram.h"
#include "lb/io/posix/udp_socket.h"

namespace lb::io {

using asio::ip::udp;

namespace {

constexpr size_t kBufferSize = 65536;

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
  // Empty until the first datagram comes: many sockets only send.
  std::vector<uint8_t> buffer;
};

absl::Status UdpTransport::State::Bind(const net::Endpoint& at,
                                       const SocketOptions& options) {
  LB_ASSIGN_OR_RETURN(local, BindUdp(socket, at, options));
  min_ttl = options.min_ttl;
  if (min_ttl == 0) return absl::OkStatus();
  return AskForTtl(socket.native_handle(), at.address, PlaceOf(at));
}

// Linux itself goes by the minimum of TCP sockets only.
size_t UdpTransport::State::ReceiveOne(udp::endpoint& from,
                                       asio::error_code& error) {
  if (min_ttl == 0) {
    return socket.receive_from(asio::buffer(buffer), from, /*flags=*/0, error);
  }
  const ReceivedDatagram received =
      ReceiveDatagram(socket.native_handle(), absl::MakeSpan(buffer), from);
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
  buffer.resize(kBufferSize);
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
