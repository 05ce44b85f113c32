// GossipRounds: the dissemination of membership and user messages.
//
// In each gossip_interval the messages that wait go to gossip_nodes random
// members (SWIM). News of this node's user does not wait for the clock, as
// failover depends on it. The clock stands while there is nothing to say.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_GOSSIP_ROUNDS_H_
#define LB_GOSSIP_GOSSIP_ROUNDS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/user_message_log.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

class GossipRounds {
 public:
  // The first round comes at a random phase: nodes that start together do not
  // gossip together.
  GossipRounds(SharedState& state, absl::Time now);

  // As Membership::QueueUserMessage().
  absl::Status QueueUserMessage(absl::Time now, wire::Bytes payload);

  // A round out of turn, unless there was one within the gossip interval.
  void RunAtOnce(absl::Time now);
  // The round that is due, if one is.
  void OnTimer(absl::Time now);
  // Before each input that may bring something to say: lets the clock go on, in
  // step, from where it stood.
  void CatchUp(absl::Time now);
  // Infinite: there is nothing to say.
  absl::Time NextDeadline() const;

 private:
  bool HasGossip() const;
  void Run(absl::Time now);
  void SendUserMessages();

  SharedState& state_;
  UserMessageLog user_messages_;
  absl::Time next_;
  absl::Time ran_at_once_ = absl::InfinitePast();
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_ROUNDS_H_
