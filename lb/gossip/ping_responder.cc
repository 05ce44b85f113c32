#include "lb/gossip/ping_responder.h"

#include <optional>

#include "lb/gossip/member_table.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

// The address that the ping names, if a member has it; else the sender's. An
// attacker can write any address into a ping.
net::Endpoint PingResponder::ReplyTo(const wire::Source& source,
                                     const net::Endpoint& from) const {
  const auto address = net::IpAddress::FromBytes(source.address);
  if (!address.ok() || source.port == 0) return from;
  const net::Endpoint told = {*address, source.port};
  const NodeRecord* const asker = state_.roster.table().Find(source.node);
  return asker != nullptr && asker->endpoint() == told ? told : from;
}

bool PingResponder::MayAnswer(absl::Time now, const net::Endpoint& from,
                              size_t bytes) {
  if (budget_.Take(now, from.address, bytes)) return true;
  ++state_.counters.refused.answers;
  return false;
}

bool PingResponder::Accepts(const wire::Ping& ping) {
  if (!budget_.BeginPing()) {
    ++state_.counters.refused.answers;
    return false;
  }
  if (ping.node.empty() || state_.roster.IsSelf(ping.node)) return true;
  ++state_.counters.refused.name;
  return false;
}

bool PingResponder::Ack(absl::Time now, const net::Endpoint& from,
                        const wire::Ping& ping) {
  wire::Ack ack{.sequence = ping.sequence};
  const size_t bytes = wire::EncodeMessage(ack).size();
  if (!MayAnswer(now, from, bytes + state_.outbox.packet_overhead())) {
    return false;
  }
  const net::Endpoint to = ReplyTo(ping.source, from);
  ack.payload = AckPayload(to, ping);
  state_.outbox.SendPlain(to, ack);
  return true;
}

// For members only: other hosts could have it sent to a third one.
std::optional<wire::Bytes> PingResponder::AckPayload(const net::Endpoint& to,
                                                     const wire::Ping& ping) {
  if (!ack_payload_) return std::nullopt;
  const NodeRecord* const pinger = state_.roster.table().Find(ping.source.node);
  if (pinger == nullptr || !pinger->verified || pinger->endpoint() != to) {
    return std::nullopt;
  }
  wire::Bytes payload = ack_payload_();
  if (payload.size() <= kAckPayloadSizeMax) return payload;
  ++state_.counters.overflow.ack_payload;
  return std::nullopt;
}

void PingResponder::OnIndirectPing(absl::Time now, const net::Endpoint& from,
                                   const wire::IndirectPing& ask) {
  if (!budget_.BeginRelay()) {
    ++state_.counters.refused.answers;
    return;
  }
  const auto address = net::IpAddress::FromBytes(ask.target);
  if (!address.ok()) {
    ++state_.counters.refused.address;
    return;
  }
  const net::Endpoint target{
      *address, ask.port != 0 ? ask.port : state_.roster.self().endpoint.port};
  const net::Endpoint requester = ReplyTo(ask.source, from);
  const wire::Bytes nack =
      wire::EncodeMessage(wire::Nack{.sequence = ask.sequence});
  const NodeRecord* const known = state_.roster.table().Find(ask.node);
  if (known == nullptr || known->endpoint() != target) {
    ++state_.counters.refused.relays;
    // This node does not reach the target; the asker is healthy.
    const bool may_nack =
        ask.nack &&
        MayAnswer(now, from, nack.size() + state_.outbox.packet_overhead());
    if (may_nack)
      state_.outbox.SendPlain(requester, wire::Nack{.sequence = ask.sequence});
    return;
  }
  const uint32_t sequence = state_.numbers.Next();
  const wire::Ping ping = state_.outbox.PingFor(ask.node, sequence);
  const size_t bytes = wire::EncodeMessage(ping).size() + nack.size() +
                       2 * state_.outbox.packet_overhead();
  if (!MayAnswer(now, from, bytes)) return;
  if (!indirect_pings_.Begin(now, sequence,
                             {.requester = requester,
                              .target = target,
                              .sequence = ask.sequence,
                              .nack = ask.nack})) {
    ++state_.counters.overflow.relays;
    return;
  }
  ++state_.counters.detection.relayed_probes;
  state_.outbox.SendPlain(target, ping);
}

void PingResponder::OnAck(const net::Endpoint& from, const wire::Ack& ack) {
  const IndirectPingRequest* const asked = indirect_pings_.Find(ack.sequence);
  if (asked == nullptr) return;
  if (!state_.places.Matches(asked->target, from)) {
    ++state_.counters.refused.acks;
    return;
  }
  state_.outbox.SendPlain(asked->requester,
                          wire::Ack{.sequence = asked->sequence});
  indirect_pings_.End(ack.sequence);
}

void PingResponder::OnTimer(absl::Time now) {
  for (const IndirectPingRequest& request : indirect_pings_.TakeNacks(now)) {
    state_.outbox.SendPlain(request.requester,
                            wire::Nack{.sequence = request.sequence});
  }
}

}  // namespace lb::gossip
