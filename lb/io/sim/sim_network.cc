#include "lb/io/sim/sim_network.h"

#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/io/sim/in_flight.h"
#include "lb/io/sim/sim_host.h"

namespace lb::io {
bool SimAttachment::IsConnected() const {
  if (!powered) return false;
  const Link* eth0 = links->Find("eth0");
  return eth0 != nullptr && eth0->up && eth0->carrier;
}

const net::Endpoint* SimAttachment::EndpointOf(net::IpFamily family) const {
  for (const net::Endpoint& endpoint : endpoints) {
    if (endpoint.address.family() == family) return &endpoint;
  }
  return nullptr;
}

void SimNetwork::Attach(const net::Endpoint& at,
                        SimDatagramTransport* transport) {
  LB_CHECK(datagrams_.emplace(at, transport).second);
  hosts_.emplace(at.address, transport->at_);
}

void SimNetwork::Attach(const net::Endpoint& at,
                        SimStreamTransport* transport) {
  LB_CHECK(streams_.emplace(at, transport).second);
}

void SimNetwork::Move(const net::Endpoint& from, const net::Endpoint& to) {
  SimDatagramTransport* const datagrams = datagrams_.at(from);
  SimStreamTransport* const streams = streams_.at(from);
  datagrams_.erase(from);
  streams_.erase(from);
  hosts_.erase(from.address);
  Attach(to, datagrams);
  Attach(to, streams);
}

void SimNetwork::SetDatagramsDropped(const SimHost& host, bool dropped) {
  if (dropped) {
    deaf_.insert(host.number());
  } else {
    deaf_.erase(host.number());
  }
}

SimStreamTransport* SimNetwork::FindStreams(const net::Endpoint& at) const {
  const auto found = streams_.find(at);
  return found == streams_.end() ? nullptr : found->second;
}

const SimAttachment* SimNetwork::FindHost(const net::IpAddress& address) const {
  const auto found = hosts_.find(address);
  return found == hosts_.end() ? nullptr : found->second;
}

bool SimNetwork::CanReach(const SimAttachment& from,
                          const SimAttachment& to) const {
  if (from.host == to.host) return from.powered;
  return from.IsConnected() && to.IsConnected() &&
         !paths_.IsBlocked(from.host, to.host);
}

bool SimNetwork::Passes(const SimAttachment& from, const SimAttachment& to) {
  return CanReach(from, to) &&
         !prng_.Chance(paths_.Between(from.host, to.host).loss_percent);
}

void SimNetwork::Transmit(const SimAttachment& from,
                          const net::Endpoint& source, const net::Endpoint& to,
                          absl::Span<const uint8_t> payload) {
  ++stats_.sent;
  stats_.bytes_sent += payload.size();
  const auto found = datagrams_.find(to);
  if (found == datagrams_.end()) {
    ++stats_.unreachable;
    return;
  }
  SimDatagramTransport* const peer = found->second;
  const int peer_host = peer->at_->host;
  if (from.host != peer_host && !from.IsConnected()) {
    ++stats_.unreachable;
    return;
  }
  const bool is_dropped = from.host != peer_host && deaf_.contains(peer_host);
  if (is_dropped || paths_.IsBlocked(from.host, peer_host)) {
    ++stats_.blocked;
    return;
  }
  const PathConditions& path = paths_.Between(from.host, peer_host);
  if (prng_.Chance(path.loss_percent)) {
    ++stats_.lost;
    return;
  }
  const auto arrival = [&] {
    return loop_->Now() + paths_.DrawDelay(from.host, peer_host, prng_);
  };
  peer->Schedule(arrival(), source, payload);
  if (prng_.Chance(path.duplication_percent)) {
    ++stats_.duplicated;
    peer->Schedule(arrival(), source, payload);
  }
}

SimDatagramTransport::SimDatagramTransport(SimNetwork* network,
                                           const SimAttachment* at)
    : network_(network), at_(at) {
  for (const net::Endpoint& endpoint : at->endpoints) {
    network->Attach(endpoint, this);
  }
}

absl::Status SimDatagramTransport::Send(const net::Endpoint& to,
                                        absl::Span<const uint8_t> payload) {
  if (payload.size() > kDatagramSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("datagram to {}: {} bytes, want at most {}", to.ToString(),
                    payload.size(), kDatagramSizeMax));
  }
  const net::Endpoint* const source = at_->EndpointOf(to.address.family());
  if (source == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("datagram to {}: want the family of {}", to.ToString(),
                    local().ToString()));
  }
  if (!at_->process->running()) {
    return absl::UnavailableError(
        fmt::format("datagram to {}: the sender is stopped", to.ToString()));
  }
  if (network_->tap_) network_->tap_(*source, to, payload);
  network_->Transmit(*at_, *source, to, payload);
  return absl::OkStatus();
}

void SimDatagramTransport::SetReceiver(Receiver receiver) {
  receiver_ = receiver && at_->process->running()
                  ? std::make_shared<Receiver>(std::move(receiver))
                  : nullptr;
}

void SimDatagramTransport::Schedule(absl::Time at, const net::Endpoint& from,
                                    absl::Span<const uint8_t> payload) {
  if (in_flight_ >= kDatagramsInFlightMax) {
    ++network_->stats_.overflowed;
    return;
  }
  network_->loop_->ScheduleAt(
      at, [this, from, in_flight = InFlight(&in_flight_),
           payload =
               std::vector<uint8_t>(payload.begin(), payload.end())]() mutable {
        const bool within_host = at_->endpoints[0].address == from.address;
        if (!at_->process->running() || (!within_host && !at_->IsConnected())) {
          ++network_->stats_.unreachable;
          return;
        }
        at_->process->Deliver(
            at_->process->run(),
            [this, from, in_flight = std::move(in_flight),
             payload = std::move(payload)] { Arrive(from, payload); });
      });
}

void SimDatagramTransport::Arrive(const net::Endpoint& from,
                                  absl::Span<const uint8_t> payload) {
  const std::shared_ptr<Receiver> receiver = receiver_;  // Lives while it runs.
  if (receiver == nullptr) {
    ++network_->stats_.unheard;
    return;
  }
  ++network_->stats_.delivered;
  TraceHash& trace = network_->loop_->trace();
  trace.Mix(static_cast<uint64_t>(at_->host));
  trace.MixBytes(payload);
  (*receiver)(from, payload);
}

}  // namespace lb::io
