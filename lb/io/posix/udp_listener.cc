#include "lb/io/posix/udp_listener.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "asio/ip/udp.hpp"
#include "lb/base/status_macros.h"
#include "lb/io/posix/asio_endpoint.h"
#include "lb/io/posix/received_datagram.h"
#include "lb/io/posix/udp_socket.h"
#include "lb/io/posix/udp_transport.h"

namespace lb::io {

using asio::ip::udp;

namespace {

// More than a receive buffer holds: a flood does not keep ReceiveWaiting().
constexpr int kWaitingMax = 8192;

}  // namespace

// Lives on in the handler that waits for the socket.
struct UdpListener::State : std::enable_shared_from_this<State> {
  explicit State(PosixLoop* loop)
      : loop(loop), socket(loop->context()), empty_at(loop->Now()) {}

  absl::Status Bind(const net::Endpoint& at, const SocketOptions& options);
  void Wait();
  void ReceiveSome();
  // False: no datagram waits.
  bool ReceiveOne();
  absl::Time ArrivalOf(const ReceivedDatagram& received) const;

  PosixLoop* const loop;
  udp::socket socket;
  net::Endpoint local;
  int min_ttl = 0;
  absl::Time empty_at;  // When the socket was seen empty last.
  std::shared_ptr<Receiver> receiver;
  std::vector<uint8_t> buffer = std::vector<uint8_t>(65536);
};

absl::Status UdpListener::State::Bind(const net::Endpoint& at,
                                      const SocketOptions& options) {
  LB_ASSIGN_OR_RETURN(local, BindUdp(socket, at, options));
  min_ttl = options.min_ttl;
  return AskForWay(socket.native_handle(), at.address, PlaceOf(at));
}

void UdpListener::State::Wait() {
  socket.async_wait(udp::socket::wait_read, [self = shared_from_this()](
                                                const asio::error_code&) {
    const PosixLoop::MeasuredTurn turn(self->loop, "takes datagrams");
    if (self->socket.is_open()) self->ReceiveSome();
  });
}

void UdpListener::State::ReceiveSome() {
  const absl::Time end = loop->Now() + kDatagramTurn;
  while (socket.is_open() && ReceiveOne() && loop->Now() < end) {
  }
  if (socket.is_open()) Wait();
}

absl::Time UdpListener::State::ArrivalOf(
    const ReceivedDatagram& received) const {
  const absl::Duration age = loop->CivilNow() - received.civil_time;
  const absl::Time now = loop->Now();
  return std::clamp(now - age, std::min(empty_at, now), now);
}

bool UdpListener::State::ReceiveOne() {
  const absl::Time before = loop->Now();
  udp::endpoint from;
  const ReceivedDatagram received =
      ReceiveDatagram(socket.native_handle(), absl::MakeSpan(buffer), from);
  if (received.error == asio::error::would_block) {
    empty_at = before;
    return false;
  }
  if (received.error || received.ttl < min_ttl) return true;
  const std::shared_ptr<Receiver> called = receiver;  // Lives while it runs.
  if (called == nullptr) return true;
  const std::string interface =
      InterfaceName(socket.native_handle(), received.interface_index);
  (*called)({.from = FromAsio(from),
             .to = received.to,
             .interface = interface,
             .ttl = received.ttl,
             .at = ArrivalOf(received),
             .payload = absl::MakeConstSpan(buffer).first(received.size)});
  return true;
}

absl::StatusOr<std::unique_ptr<UdpListener>> UdpListener::Create(
    PosixLoop* loop, const net::Endpoint& at, const SocketOptions& options) {
  auto state = std::make_shared<State>(loop);
  LB_RETURN_IF_ERROR(state->Bind(at, options));
  state->Wait();
  return std::unique_ptr<UdpListener>(new UdpListener(std::move(state)));
}

UdpListener::UdpListener(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

UdpListener::~UdpListener() {
  asio::error_code ignored;
  state_->socket.close(ignored);
  state_->receiver = nullptr;
}

net::Endpoint UdpListener::local() const { return state_->local; }

void UdpListener::SetReceiver(Receiver receiver) {
  state_->receiver =
      receiver ? std::make_shared<Receiver>(std::move(receiver)) : nullptr;
}

void UdpListener::ReceiveWaiting() {
  const std::shared_ptr<State> state = state_;  // Lives while it runs.
  for (int i = 0; i < kWaitingMax; ++i) {
    if (!state->socket.is_open() || !state->ReceiveOne()) return;
  }
}

}  // namespace lb::io
