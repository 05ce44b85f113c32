// OwnName: sees to it that no other host has this node's name.
//
// A node that starts at another address than its last one pings the last one
// first (NameCheck), and tells its move only when no host acks there. A ping
// under this node's name from another address shows a second host as well.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_OWN_NAME_H_
#define LB_GOSSIP_OWN_NAME_H_

#include <cstdint>

#include "absl/time/time.h"
#include "lb/gossip/name_check.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

class OwnName {
 public:
  // Holds back the move from self().former, if there is one.
  OwnName(SharedState& state, absl::Time now);

  // Sends the pings that are due. After the last one the move is told.
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const { return check_.due(); }

  // True: the ping is this node's own, and gets no ack.
  bool OnPing(absl::Time now, const wire::Ping& ping);
  // True: the ack is from another host that has the name, and means nothing
  // else.
  bool OnAck(absl::Time now, uint32_t sequence);
  // The node moves now: it does not matter any more what is at the last
  // address.
  void EndCheck() { check_.End(); }

 private:
  SharedState& state_;
  NameCheck check_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OWN_NAME_H_
