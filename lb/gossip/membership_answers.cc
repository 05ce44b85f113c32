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
  const NodeRecord* const asker = roster_.table().Find(source.node);
  return asker != nullptr && asker->endpoint() == told ? told : from;
}

bool Membership::MayAnswer(absl::Time now, const net::Endpoint& from,
                           size_t bytes) {
  if (answer_budget_.Take(now, from.address, bytes)) return true;
  ++counters_.refused_answers;
  return false;
}

void Membership::OnPing(absl::Time now, const net::Endpoint& from,
                        const wire::Ping& ping) {
  if (!answer_budget_.BeginPing()) {
    ++counters_.refused_answers;
    return;
  }
  if (!ping.node.empty() && !roster_.IsSelf(ping.node)) {
    ++counters_.refused_name;
    return;
  }
  if (OnNamesakePing(now, ping)) return;
  // Answers carry no gossip: each asker sets their rate, and hundreds that
  // start together would use up the sends of news that they already know.
  wire::Bytes ack = wire::EncodeMessage(wire::Ack{.sequence = ping.sequence});
  if (!MayAnswer(now, from, ack.size() + packet_overhead_)) return;
  const net::Endpoint to = ReplyTo(ping.source, from);
  SendPlain(to, wire::Ack{ping.sequence, AckPayload(to, ping)});
  const NodeRecord* const pinger = roster_.table().Find(ping.source.node);
  // It is there: our first ping, if it left at all, may have been lost.
  if (pinger != nullptr && !pinger->heard && pinger->endpoint() == from) {
    GreetAtOnce(now, pinger->name());
  }
}

// For members only: other hosts could have it sent to a third one.
std::optional<wire::Bytes> Membership::AckPayload(const net::Endpoint& to,
                                                  const wire::Ping& ping) {
  if (!ack_payload_) return std::nullopt;
  const NodeRecord* const pinger = roster_.table().Find(ping.source.node);
  if (pinger == nullptr || !pinger->heard || pinger->endpoint() != to) {
    return std::nullopt;
  }
  wire::Bytes payload = ack_payload_();
  if (payload.size() <= kAckPayloadSizeMax) return payload;
  ++counters_.ack_payload_overflow;
  return std::nullopt;
}

void Membership::OnIndirectPing(absl::Time now, const net::Endpoint& from,
                                const wire::IndirectPing& ask) {
  if (!answer_budget_.BeginRelay()) {
    ++counters_.refused_answers;
    return;
  }
  const auto address = net::IpAddress::FromBytes(ask.target);
  if (!address.ok()) {
    ++counters_.refused_address;
    return;
  }
  const net::Endpoint target{*address,
                             ask.port != 0 ? ask.port : self().endpoint.port};
  const net::Endpoint requester = ReplyTo(ask.source, from);
  const wire::Bytes nack =
      wire::EncodeMessage(wire::Nack{.sequence = ask.sequence});
  const NodeRecord* const known = roster_.table().Find(ask.node);
  if (known == nullptr || known->endpoint() != target) {
    ++counters_.refused_relays;
    // This node does not reach the target; the asker is healthy.
    const bool may_nack =
        ask.nack && MayAnswer(now, from, nack.size() + packet_overhead_);
    if (may_nack) SendPlain(requester, wire::Nack{.sequence = ask.sequence});
    return;
  }
  const uint32_t sequence = NextSequence();
  const wire::Ping ping = {
      .sequence = sequence, .node = ask.node, .source = OwnSource()};
  const size_t bytes =
      wire::EncodeMessage(ping).size() + nack.size() + 2 * packet_overhead_;
  if (!MayAnswer(now, from, bytes)) return;
  if (!relay_.Begin(now, sequence,
                    {.requester = requester,
                     .target = target,
                     .sequence = ask.sequence,
                     .nack = ask.nack})) {
    ++counters_.relays_overflow;
    return;
  }
  ++counters_.relayed_probes;
  SendPlain(target, ping);
}

}  // namespace lb::gossip
