// Outbox: the datagrams that this node is about to send, and the gossip that
// rides on them.
//
// A datagram has at most udp_buffer_size bytes with all that the codec adds to
// it. Room that a probe leaves is filled with membership messages (piggyback),
// news before hearsay.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_OUTBOX_H_
#define LB_GOSSIP_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/options.h"
#include "lb/gossip/outgoing.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/user_message_log.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class Outbox {
 public:
  // Both outlive it.
  Outbox(const GossipOptions& options, Roster& roster)
      : options_(options), roster_(roster) {}

  // Bytes that the codec adds to a packet; they change with the keys.
  void SetPacketOverhead(size_t bytes) { packet_overhead_ = bytes; }
  size_t packet_overhead() const { return packet_overhead_; }

  // This node, as its pings name it.
  wire::Source OwnSource() const;
  // This node's ping of the node of that name.
  wire::Ping PingFor(std::string_view name, uint32_t sequence) const;
  // How often one membership message is sent in a cluster of this size.
  int TransmitLimit() const;
  // The message; InvalidArgument: it does not fit a packet.
  absl::StatusOr<wire::Bytes> EncodeUserMessage(wire::Bytes payload) const;

  // Nothing rides on it.
  void SendPlain(const net::Endpoint& to, const wire::Message& message);
  void SendWithPiggyback(const net::Endpoint& to, const wire::Message& message);
  // Tells a suspected node that it is suspected.
  void SendPing(const NodeRecord& record, uint32_t sequence);
  // The same with this node's alive message: the member may not know this node.
  void SendPingAndAlive(const NodeRecord& record, uint32_t sequence);
  // A message of EncodeUserMessage() alone.
  void SendUserMessage(const NodeRecord& record, wire::Bytes message);
  // Membership and user messages as far as they fit. If there are none, nothing
  // is sent.
  void GossipTo(NodeRecord& record, UserMessageLog& user_messages);
  // The roster's messages for single nodes.
  void SendDirectMessages();

  // Empty after being taken.
  std::vector<OutgoingPacket> Take() { return std::exchange(packets_, {}); }

 private:
  size_t PacketBudget() const;

  const GossipOptions& options_;
  Roster& roster_;
  size_t packet_overhead_ = 0;
  std::vector<OutgoingPacket> packets_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OUTBOX_H_
