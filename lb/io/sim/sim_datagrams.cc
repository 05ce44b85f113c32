#include "lb/io/sim/sim_datagrams.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/sim/in_flight.h"

namespace lb::io {

struct SimDatagramState {
  net::Endpoint local() const {
    if (!is_host) return at;
    return {attachment->addresses[0], at.port};
  }

  SimNetwork* network = nullptr;
  SimDatagramFactory* factory = nullptr;
  const SimAttachment* attachment = nullptr;
  net::Endpoint at;
  SocketOptions options;
  bool is_host = false;  // local() is the host's first address.
  size_t in_flight = 0;
  std::shared_ptr<DatagramTransport::Receiver> receiver;
};

namespace {

// A datagram under way. The socket is destroyed last: it is counted there.
struct Delivery {
  SimDatagramSocket socket;
  InFlight in_flight;
  net::Endpoint from;
  std::vector<uint8_t> payload;
};

void Arrive(const Delivery& datagram) {
  const SimDatagramState& socket = *datagram.socket;
  const std::shared_ptr<DatagramTransport::Receiver> receiver =
      socket.receiver;  // Lives while it runs.
  SimNetwork* const network = socket.network;
  if (receiver == nullptr) {
    ++network->fates().unheard;
    return;
  }
  ++network->fates().delivered;
  TraceHash& trace = network->loop()->trace();
  trace.Mix(static_cast<uint64_t>(socket.attachment->host));
  trace.MixBytes(datagram.payload);
  (*receiver)(datagram.from, datagram.payload);
}

}  // namespace

const SocketOptions& OptionsOf(const SimDatagramSocket& socket) {
  return socket->options;
}

void ScheduleDatagram(const SimDatagramSocket& socket, absl::Time at,
                      const net::Endpoint& from,
                      absl::Span<const uint8_t> payload) {
  if (socket->in_flight >= kDatagramsInFlightMax) {
    ++socket->network->fates().overflowed;
    return;
  }
  socket->network->loop()->ScheduleAt(
      at, [datagram = Delivery{socket, InFlight(&socket->in_flight), from,
                               std::vector<uint8_t>(payload.begin(),
                                                    payload.end())}]() mutable {
        const SimAttachment& host = *datagram.socket->attachment;
        const bool within_host = host.Has(datagram.from.address);
        if (!host.process->running() || (!within_host && !host.IsConnected())) {
          ++datagram.socket->network->fates().unreachable;
          return;
        }
        host.process->Deliver(
            host.process->run(),
            [datagram = std::move(datagram)] { Arrive(datagram); });
      });
}

SimDatagramTransport::SimDatagramTransport(SimDatagramSocket socket)
    : socket_(std::move(socket)) {}

SimDatagramTransport::~SimDatagramTransport() {
  socket_->factory->sockets_.Remove(socket_->at);
  const auto receiver = std::exchange(socket_->receiver, nullptr);
}

net::Endpoint SimDatagramTransport::local() const { return socket_->local(); }

absl::Status SimDatagramTransport::Send(const net::Endpoint& to,
                                        absl::Span<const uint8_t> payload) {
  const std::string place = fmt::format("datagram to {}", to.ToString());
  if (payload.size() > kDatagramSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} bytes, want at most {}", place, payload.size(),
                    kDatagramSizeMax));
  }
  const SimAttachment& host = *socket_->attachment;
  const std::optional<net::IpAddress> address =
      host.SourceFor(socket_->at.address, to.address.family());
  if (!address) {
    return absl::InvalidArgumentError(
        fmt::format("{}: want the family of {}", place, local().ToString()));
  }
  if (!host.process->running()) {
    return absl::UnavailableError(
        fmt::format("{}: the sender is stopped", place));
  }
  if (!host.Has(*address)) {
    return absl::UnavailableError(
        fmt::format("{}: the host has lost {}", place, address->ToString()));
  }
  const net::Endpoint source = {*address, socket_->at.port};
  SimNetwork* const network = socket_->network;
  if (network->tap()) network->tap()(source, to, payload);
  network->Transmit(host, source, to, payload, socket_->options);
  return absl::OkStatus();
}

void SimDatagramTransport::SetReceiver(Receiver receiver) {
  socket_->receiver = receiver && socket_->attachment->process->running()
                          ? std::make_shared<Receiver>(std::move(receiver))
                          : nullptr;
}

SimDatagramFactory::SimDatagramFactory(SimNetwork* network, SimAttachment* at)
    : network_(network), at_(at) {
  at->datagrams = this;
}

absl::StatusOr<std::unique_ptr<DatagramTransport>> SimDatagramFactory::Bind(
    const net::Endpoint& at, const SocketOptions& options) {
  const std::string place = fmt::format("udp {}", at.ToString());
  LB_RETURN_IF_ERROR(Validate(options));
  LB_RETURN_IF_ERROR(at_->CheckSocket(place, at.address, options));
  const std::optional<net::Endpoint> there = sockets_.Choose(at);
  if (!there) {
    return absl::UnavailableError(fmt::format("{}: in use", place));
  }
  return std::make_unique<SimDatagramTransport>(Open(*there, options));
}

std::unique_ptr<DatagramTransport> SimDatagramFactory::BindHost(uint16_t port) {
  const net::Endpoint at = {net::IpAddress::Ipv6(0), port};
  LB_CHECK(sockets_.IsFree(at));
  const SimDatagramSocket socket = Open(at, {});
  socket->is_host = true;
  return std::make_unique<SimDatagramTransport>(socket);
}

SimDatagramSocket SimDatagramFactory::Open(const net::Endpoint& at,
                                           const SocketOptions& options) {
  auto socket =
      std::make_shared<SimDatagramState>(SimDatagramState{.network = network_,
                                                          .factory = this,
                                                          .attachment = at_,
                                                          .at = at,
                                                          .options = options});
  sockets_.Add(at, socket);
  return socket;
}

void SimDatagramFactory::OnNodeStopped() {
  for (const SimDatagramSocket& socket : sockets_.All()) {
    const auto receiver = std::exchange(socket->receiver, nullptr);
  }
}

SimDatagramSocket SimDatagramFactory::Find(const net::Endpoint& to) const {
  return sockets_.Find(to);
}

}  // namespace lb::io
