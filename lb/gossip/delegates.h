// Delegates: decisions that an application may have a say in.
//
// They are memberlist's AliveDelegate, MergeDelegate and PingDelegate. lbd sets
// none; an application that moves here from memberlist may have them.
//
// Each may be empty. They are asked on the loop thread from within the node, so
// they must not call it; what the node itself tells, GossipEvent has.
#ifndef LB_GOSSIP_DELEGATES_H_
#define LB_GOSSIP_DELEGATES_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/gossip/member.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

// More would leave no room for the gossip that rides on acks.
inline constexpr size_t kAckPayloadSizeMax = 256;

struct Delegates {
  // Another node says that it is alive, as `member`. Not OK: it is not
  // verified.
  std::function<absl::Status(const Member& member)> admit_member;

  // A full exchange in order to join, ours or a peer's, brings `members`. Not
  // OK: none of them is merged. The peer has got ours by then.
  std::function<absl::Status(absl::Span<const Member> members)> admit_merge;

  // The payload of acks to verified members, which get it in their PingEvent.
  // One above kAckPayloadSizeMax is counted and not sent.
  std::function<wire::Bytes()> ack_payload;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_DELEGATES_H_
