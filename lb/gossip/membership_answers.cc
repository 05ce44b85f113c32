// Membership's answers to pings: their receivers and their number.
#include <optional>

#include "lb/gossip/membership.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

// The address that the ping names, if a member has it; else the sender's. An
// attacker can write any address into a ping.
net::Endpoint Membership::ReplyTo(const wire::Source& source,
                                  const net::Endpoint& from) const {
  const auto address = net::IpAddress::FromBytes(source.address);
  if (!address.ok() || source.port == 0) return from;
  const net::Endpoint told = {*address, source.port};
  const NodeRecord* const asker = state_.roster.table().Find(source.node);
  return asker != nullptr && asker->endpoint() == told ? told : from;
}

bool Membership::MayAnswer(absl::Time now, const net::Endpoint& from,
                           size_t bytes) {
  if (answer_budget_.Take(now, from.address, bytes)) return true;
  ++state_.counters.refused_answers;
  return false;
}

void Membership::OnPing(absl::Time now, const net::Endpoint& from,
                        const wire::Ping& ping) {
  if (!answer_budget_.BeginPing()) {
    ++state_.counters.refused_answers;
    return;
  }
  if (!ping.node.empty() && !state_.roster.IsSelf(ping.node)) {
    ++state_.counters.refused_name;
    return;
  }
  if (own_name_.OnPing(now, ping)) return;
  // Answers carry no gossip: each asker sets their rate, and hundreds that
  // start together would use up the sends of news that they already know.
  wire::Bytes ack = wire::EncodeMessage(wire::Ack{.sequence = ping.sequence});
  if (!MayAnswer(now, from, ack.size() + state_.outbox.packet_overhead()))
    return;
  const net::Endpoint to = ReplyTo(ping.source, from);
  state_.outbox.SendPlain(to, wire::Ack{ping.sequence, AckPayload(to, ping)});
  const NodeRecord* const pinger = state_.roster.table().Find(ping.source.node);
  // It is there: our first ping, if it left at all, may have been lost.
  if (pinger != nullptr && !pinger->heard && pinger->endpoint() == from) {
    GreetAtOnce(now, pinger->name());
  }
}

// For members only: other hosts could have it sent to a third one.
std::optional<wire::Bytes> Membership::AckPayload(const net::Endpoint& to,
                                                  const wire::Ping& ping) {
  if (!ack_payload_) return std::nullopt;
  const NodeRecord* const pinger = state_.roster.table().Find(ping.source.node);
  if (pinger == nullptr || !pinger->heard || pinger->endpoint() != to) {
    return std::nullopt;
  }
  wire::Bytes payload = ack_payload_();
  if (payload.size() <= kAckPayloadSizeMax) return payload;
  ++state_.counters.ack_payload_overflow;
  return std::nullopt;
}

void Membership::OnIndirectPing(absl::Time now, const net::Endpoint& from,
                                const wire::IndirectPing& ask) {
  if (!answer_budget_.BeginRelay()) {
    ++state_.counters.refused_answers;
    return;
  }
  const auto address = net::IpAddress::FromBytes(ask.target);
  if (!address.ok()) {
    ++state_.counters.refused_address;
    return;
  }
  const net::Endpoint target{
      *address, ask.port != 0 ? ask.port : state_.roster.self().endpoint.port};
  const net::Endpoint requester = ReplyTo(ask.source, from);
  const wire::Bytes nack =
      wire::EncodeMessage(wire::Nack{.sequence = ask.sequence});
  const NodeRecord* const known = state_.roster.table().Find(ask.node);
  if (known == nullptr || known->endpoint() != target) {
    ++state_.counters.refused_relays;
    // This node does not reach the target; the asker is healthy.
    const bool may_nack =
        ask.nack &&
        MayAnswer(now, from, nack.size() + state_.outbox.packet_overhead());
    if (may_nack)
      state_.outbox.SendPlain(requester, wire::Nack{.sequence = ask.sequence});
    return;
  }
  const uint32_t sequence = state_.numbers.Next();
  const wire::Ping ping = {.sequence = sequence,
                           .node = ask.node,
                           .source = state_.outbox.OwnSource()};
  const size_t bytes = wire::EncodeMessage(ping).size() + nack.size() +
                       2 * state_.outbox.packet_overhead();
  if (!MayAnswer(now, from, bytes)) return;
  if (!relay_.Begin(now, sequence,
                    {.requester = requester,
                     .target = target,
                     .sequence = ask.sequence,
                     .nack = ask.nack})) {
    ++state_.counters.relays_overflow;
    return;
  }
  ++state_.counters.relayed_probes;
  state_.outbox.SendPlain(target, ping);
}

}  // namespace lb::gossip
