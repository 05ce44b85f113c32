// Members, events and counters that a membership gives its user. Plain values.
#ifndef LB_GOSSIP_MEMBER_H_
#define LB_GOSSIP_MEMBER_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

// This node, as the others see it.
struct NodeIdentity {
  std::string name;        // Unique in the cluster, not empty.
  net::Endpoint endpoint;  // Where the others reach us, UDP and TCP.
  wire::Bytes meta;        // At most kMetaSizeMax bytes.
  // Where we were before, and where the others may still believe us: a few.
  std::vector<net::Endpoint> former;
};

// One node as we see it.
struct Member {
  std::string name;
  net::Endpoint endpoint;
  wire::Bytes meta;
  wire::NodeState state = wire::NodeState::kAlive;
  uint32_t incarnation = 0;
  absl::Time since;  // When `state` began, in the loop's time.
  // It acked a ping of ours since it came up last, directly or through others:
  // it is there. Until then it is only said to be. Always true of ourselves.
  bool verified = false;

  // In the cluster: alive, or suspected and not yet given up.
  bool is_up() const {
    return state == wire::NodeState::kAlive ||
           state == wire::NodeState::kSuspect;
  }
  friend bool operator==(const Member&, const Member&) = default;
};

enum class MemberChange {
  kJoined,    // Appeared, or came back after kLeft or kFailed.
  kUpdated,   // Its metadata changed.
  kLeft,      // Said so itself.
  kFailed,    // It answers no member.
  kVerified,  // Answered us for the first time since it joined.
  kMoved,     // Changed its address, and its metadata perhaps, while it was up.
};

// A change of another node; never of our own.
struct MemberEvent {
  MemberChange change = MemberChange::kJoined;
  Member member;             // As it is after the change.
  net::Endpoint moved_from;  // With kMoved.
};

// A second node claims a member's name from another address. It is ignored.
struct ConflictEvent {
  Member existing;
  net::Endpoint other;
};

// A user message from a peer; may come more than once.
struct UserMessageEvent {
  net::Endpoint from;  // Over TCP the port is a passing one.
  wire::Bytes payload;
};

// A peer's user state, received in a full exchange; never empty.
struct UserStateEvent {
  net::Endpoint from;  // The sender.
  wire::Bytes payload;
  bool join = false;
};

// A full exchange with `peer` is complete: its members are merged and its user
// state, if any, was the event before.
struct ExchangeEvent {
  net::Endpoint peer;
  bool join = false;
  bool initiated_by_us = false;
};

// A ping of ours was acked directly and in time.
struct PingEvent {
  std::string member;
  absl::Duration round_trip;
  wire::Bytes payload;  // See Delegates::ack_payload.
};

// A full exchange that we began failed: `peer` does not answer, or refuses.
struct ExchangeFailedEvent {
  net::Endpoint peer;
  bool join = false;
  absl::Status why;
};

// This node cannot read packets from `address`, or that peer cannot read this
// node's. At most a few a minute; GossipNode::Undecryptable() lists all.
struct UndecryptableEvent {
  net::IpAddress address;
  wire::Mismatch mismatch = wire::Mismatch::kOtherKey;
};

// The member answers at its endpoint over TCP, and not over UDP.
struct StreamOnlyEvent {
  Member member;
};

// This node's own pings of a member that failed got no ack, or the member is
// back after that. See ContactChecks.
struct ContactEvent {
  std::string member;
  bool is_back = false;
};

// Our own Leave() has been told to enough peers.
struct LeaveCompleteEvent {};

using GossipEvent =
    std::variant<MemberEvent, ConflictEvent, UserMessageEvent, UserStateEvent,
                 ExchangeEvent, ExchangeFailedEvent, UndecryptableEvent,
                 PingEvent, StreamOnlyEvent, ContactEvent, LeaveCompleteEvent>;

struct TrafficCounters {
  uint64_t datagrams_in = 0;
  uint64_t datagrams_out = 0;
  uint64_t messages_in = 0;
  uint64_t send_failures = 0;  // Datagrams the kernel refused.
};

// Every message that is refused is in one of these.
struct RefusalCounters {
  uint64_t undecodable = 0;  // Datagrams or streams.
  uint64_t parts = 0;        // Damaged parts of a good datagram.
  uint64_t version = 0;      // Versions: missing, or not ours.
  uint64_t address = 0;      // No address, or not in cidrs_allowed.
  uint64_t incarnation = 0;  // Further ahead than can be true.
  uint64_t name = 0;         // Empty, or a ping for another node.
  uint64_t size = 0;         // Names or metadata over their maximum.
  uint64_t acks = 0;         // From a wrong address for their ping.
  uint64_t answers = 0;      // Pings beyond a datagram's first or AnswerBudget.
  uint64_t relays = 0;       // Indirect pings of unknown members.
  uint64_t exchanges = 0;    // More than an address may begin.
  uint64_t merges = 0;       // Whole exchanges, for another protocol.
  uint64_t vetoed = 0;       // Alive messages or exchanges: delegates.
  uint64_t stale = 0;        // Known already, or of an unknown node.
  uint64_t conflicts = 0;
};

// Entries that did not fit, by their queue or table.
struct OverflowCounters {
  uint64_t members = 0;
  uint64_t broadcasts = 0;
  uint64_t user_messages = 0;
  uint64_t user_state = 0;  // States too large to be sent.
  uint64_t ack_payload = 0;
  uint64_t relays = 0;
  uint64_t reconnect = 0;
  uint64_t streams = 0;
};

struct DetectionCounters {
  uint64_t newcomer_pings = 0;  // Pings to members that were not verified yet.
  uint64_t newcomer_probes_failed = 0;  // Lanes; see NewcomerQueue.
  uint64_t probes = 0;
  uint64_t probes_failed = 0;
  uint64_t indirect_probes = 0;  // Asked of others.
  uint64_t relayed_probes = 0;   // Done for others.
  uint64_t stream_pings = 0;
  uint64_t suspicions = 0;  // Raised or joined by us.
  uint64_t refutations = 0;
  uint64_t failures = 0;  // Members that we saw fail.
  uint64_t late_wakeups = 0;
};

struct ExchangeCounters {
  uint64_t completed = 0;
  uint64_t failed = 0;
};

// Counts since the start.
struct GossipCounters {
  TrafficCounters traffic;
  RefusalCounters refused;
  OverflowCounters overflow;
  DetectionCounters detection;
  ExchangeCounters exchanges;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_MEMBER_H_
