#include "lb/io/sim/sim_datagrams.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/sim/in_flight.h"

namespace lb::io {

struct SimDelivery;

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
  void SetReceiver(DatagramListener::Receiver called) {
    receiver =
        called && attachment->process->running()
            ? std::make_shared<DatagramListener::Receiver>(std::move(called))
            : nullptr;
  }

  bool is_listener = false;
  size_t in_flight = 0;
  std::shared_ptr<DatagramListener::Receiver> receiver;
  // A listener's, in the order of their arrival.
  std::deque<std::unique_ptr<SimDelivery>> waiting;
};

// A datagram under way. The socket is destroyed last: it is counted there.
struct SimDelivery {
  SimDatagramSocket socket;
  InFlight in_flight;
  ArrivedDatagram datagram;
  std::vector<uint8_t> payload;
};

namespace {

void HandOver(SimDelivery& delivery) {
  const SimDatagramState& socket = *delivery.socket;
  const std::shared_ptr<DatagramListener::Receiver> receiver =
      socket.receiver;  // Lives while it runs.
  SimNetwork* const network = socket.network;
  if (receiver == nullptr) {
    ++network->fates().unheard;
    return;
  }
  ++network->fates().delivered;
  TraceHash& trace = network->loop()->trace();
  trace.Mix(static_cast<uint64_t>(socket.attachment->host));
  trace.MixBytes(delivery.payload);
  delivery.datagram.payload = delivery.payload;
  (*receiver)(delivery.datagram);
}

// False: no datagram waits in the socket.
bool ReadOne(const SimDatagramSocket& socket) {
  if (socket->waiting.empty()) return false;
  const std::unique_ptr<SimDelivery> delivery =
      std::move(socket->waiting.front());
  socket->waiting.pop_front();
  HandOver(*delivery);
  return true;
}

// The kernel has it; the process reads it when it runs.
void ArriveAtListener(std::unique_ptr<SimDelivery> delivery) {
  const SimDatagramSocket socket = delivery->socket;
  SimProcess* const process = socket->attachment->process;
  delivery->datagram.at = process->Now();
  socket->waiting.push_back(std::move(delivery));
  const bool late = process->paused();
  process->Deliver(process->run(), [process, socket, late] {
    if (!late) {
      ReadOne(socket);
      return;
    }
    process->Post([socket] { ReadOne(socket); });
  });
}

void Arrive(std::unique_ptr<SimDelivery> delivery) {
  SimProcess* const process = delivery->socket->attachment->process;
  if (delivery->socket->is_listener) {
    ArriveAtListener(std::move(delivery));
    return;
  }
  process->Deliver(process->run(),
                   [delivery = std::move(delivery)] { HandOver(*delivery); });
}

}  // namespace

const SocketOptions& OptionsOf(const SimDatagramSocket& socket) {
  return socket->options;
}

void ScheduleDatagram(const SimDatagramSocket& socket,
                      const ArrivedDatagram& datagram) {
  if (socket->in_flight >= kDatagramsInFlightMax) {
    ++socket->network->fates().overflowed;
    return;
  }
  auto delivery = std::make_unique<SimDelivery>(SimDelivery{
      socket, InFlight(&socket->in_flight), datagram,
      std::vector<uint8_t>(datagram.payload.begin(), datagram.payload.end())});
  socket->network->loop()->ScheduleAt(
      datagram.at, [delivery = std::move(delivery)]() mutable {
        const SimDatagramState& to = *delivery->socket;
        const SimAttachment& host = *to.attachment;
        const bool within_host = host.Has(delivery->datagram.from.address);
        if (!host.process->running() || (!within_host && !host.IsConnected())) {
          ++to.network->fates().unreachable;
          return;
        }
        Arrive(std::move(delivery));
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
  if (!receiver) {
    socket_->SetReceiver(nullptr);
    return;
  }
  socket_->SetReceiver(
      [receiver = std::move(receiver)](const ArrivedDatagram& arrived) mutable {
        receiver(arrived.from, arrived.payload);
      });
}

SimDatagramListener::SimDatagramListener(SimDatagramSocket socket)
    : socket_(std::move(socket)) {}

SimDatagramListener::~SimDatagramListener() {
  socket_->factory->sockets_.Remove(socket_->at);
  const auto receiver = std::exchange(socket_->receiver, nullptr);
  const auto dropped = std::exchange(socket_->waiting, {});
}

net::Endpoint SimDatagramListener::local() const { return socket_->local(); }

void SimDatagramListener::SetReceiver(Receiver receiver) {
  socket_->SetReceiver(std::move(receiver));
}

void SimDatagramListener::ReceiveWaiting() {
  const SimDatagramSocket socket = socket_;  // Lives while it runs.
  while (ReadOne(socket)) {
  }
}

SimDatagramFactory::SimDatagramFactory(SimNetwork* network, SimAttachment* at)
    : network_(network), at_(at) {
  at->datagrams = this;
}

absl::StatusOr<SimDatagramSocket> SimDatagramFactory::OpenAt(
    const net::Endpoint& at, const SocketOptions& options) {
  const std::string place = fmt::format("udp {}", at.ToString());
  LB_RETURN_IF_ERROR(Validate(options));
  LB_RETURN_IF_ERROR(at_->CheckSocket(place, at.address, options));
  const std::optional<net::Endpoint> there = sockets_.Choose(at);
  if (!there) {
    return absl::UnavailableError(fmt::format("{}: in use", place));
  }
  return Open(*there, options);
}

absl::StatusOr<std::unique_ptr<DatagramTransport>> SimDatagramFactory::Bind(
    const net::Endpoint& at, const SocketOptions& options) {
  LB_ASSIGN_OR_RETURN(SimDatagramSocket socket, OpenAt(at, options));
  return std::make_unique<SimDatagramTransport>(std::move(socket));
}

absl::StatusOr<std::unique_ptr<DatagramListener>>
SimDatagramFactory::BindListener(const net::Endpoint& at,
                                 const SocketOptions& options) {
  LB_ASSIGN_OR_RETURN(SimDatagramSocket socket, OpenAt(at, options));
  socket->is_listener = true;
  return std::make_unique<SimDatagramListener>(std::move(socket));
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
    const auto dropped = std::exchange(socket->waiting, {});
  }
}

SimDatagramSocket SimDatagramFactory::Find(const net::Endpoint& to) const {
  return sockets_.Find(to);
}

}  // namespace lb::io
