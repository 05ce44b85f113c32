// The fields of each message's body, once for both directions.
//
// VisitFields() tells a visitor key, position in the original's struct (which
// the array form follows) and value, in the order of the wire: ascending keys.
// Optional() is left out when zero. Private to message_codec.cc.
#ifndef LB_GOSSIP_WIRE_MESSAGE_FIELDS_H_
#define LB_GOSSIP_WIRE_MESSAGE_FIELDS_H_

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "absl/types/span.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

struct UserHeader {
  uint64_t size = 0;
};

struct Compressed {
  uint8_t algorithm = 0;  // 0: LZW, and there is no other.
  absl::Span<const uint8_t> bytes;
};

template <typename T, typename U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

void VisitFields(auto& visit, Is<Ping> auto& ping) {
  visit("Node", 1, ping.node);
  visit("SeqNo", 0, ping.sequence);
  visit.Optional("SourceAddr", 2, ping.source.address);
  visit.Optional("SourceNode", 4, ping.source.node);
  visit.Optional("SourcePort", 3, ping.source.port);
}

void VisitFields(auto& visit, Is<IndirectPing> auto& ping) {
  visit("Nack", 4, ping.nack);
  visit("Node", 3, ping.node);
  visit("Port", 2, ping.port);
  visit("SeqNo", 0, ping.sequence);
  visit.Optional("SourceAddr", 5, ping.source.address);
  visit.Optional("SourceNode", 7, ping.source.node);
  visit.Optional("SourcePort", 6, ping.source.port);
  visit("Target", 1, ping.target);
}

void VisitFields(auto& visit, Is<Ack> auto& ack) {
  visit("Payload", 1, ack.payload);
  visit("SeqNo", 0, ack.sequence);
}

void VisitFields(auto& visit, Is<Nack> auto& nack) {
  visit("SeqNo", 0, nack.sequence);
}

void VisitFields(auto& visit, Is<Error> auto& error) {
  visit("Error", 0, error.message);
}

void VisitAccusation(auto& visit, auto& accusation) {
  visit("From", 2, accusation.from);
  visit("Incarnation", 0, accusation.incarnation);
  visit("Node", 1, accusation.node);
}

void VisitFields(auto& visit, Is<Suspect> auto& suspect) {
  VisitAccusation(visit, suspect);
}

void VisitFields(auto& visit, Is<Dead> auto& dead) {
  VisitAccusation(visit, dead);
}

void VisitFields(auto& visit, Is<Alive> auto& alive) {
  visit("Addr", 2, alive.address);
  visit("Incarnation", 0, alive.incarnation);
  visit("Meta", 4, alive.meta);
  visit("Node", 1, alive.node);
  visit("Port", 3, alive.port);
  visit("Vsn", 5, alive.versions);
}

// A node of a full exchange; its description is shared once it is complete.
template <typename Description, typename Entry>
struct NodeFields {
  Description& node;
  Entry& entry;
};

template <typename Description, typename Entry>
NodeFields(Description&, Entry&) -> NodeFields<Description, Entry>;

template <typename Description, typename Entry>
void VisitFields(auto& visit, const NodeFields<Description, Entry>& fields) {
  visit("Addr", 1, fields.node.address);
  visit("Incarnation", 4, fields.entry.incarnation);
  visit("Meta", 3, fields.node.meta);
  visit("Name", 0, fields.node.name);
  visit("Port", 2, fields.node.port);
  visit("State", 5, fields.entry.state);
  visit("Vsn", 6, fields.node.versions);
}

void VisitFields(auto& visit, Is<PushPullHeader> auto& header) {
  visit("Join", 2, header.join);
  visit("Nodes", 0, header.nodes);
  visit("UserStateLen", 1, header.user_state_size);
}

void VisitFields(auto& visit, Is<UserHeader> auto& header) {
  visit("UserMsgLen", 0, header.size);
}

void VisitFields(auto& visit, Is<Compressed> auto& compressed) {
  visit("Algo", 0, compressed.algorithm);
  visit("Buf", 1, compressed.bytes);
}

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_MESSAGE_FIELDS_H_
