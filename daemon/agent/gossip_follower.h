// GossipFollower: carries what gossip tells to the parts of the node that it
// concerns.
//
// Members, exchanges of state, messages and conflicts of names; each part hears
// of them in one order. What follows for the node as a whole is decided by its
// next look.
//
//   presence.gossip().SetObserver(
//       [&](const gossip::GossipEvent& event) { follower.OnEvent(event); });
//   if (follower.TakeMembersChanged()) elections.SetMembers(...);
//
// Loop thread only; the parts outlive it.
#ifndef LB_DAEMON_AGENT_GOSSIP_FOLLOWER_H_
#define LB_DAEMON_AGENT_GOSSIP_FOLLOWER_H_

#include <functional>
#include <utility>

#include "daemon/agent/events.h"
#include "daemon/agent/gossip_presence.h"
#include "daemon/agent/lifecycle_runner.h"
#include "daemon/agent/tally.h"
#include "daemon/announcing/announcing.h"
#include "daemon/exchange/state_exchange.h"
#include "daemon/members/name_conflicts.h"
#include "lb/gossip/member.h"
#include "lb/io/loop.h"

namespace lb {

class GossipFollower {
 public:
  struct Parts {
    const io::Loop* loop;
    GossipPresence* presence;
    StateExchange* exchange;
    Announcing* announcing;
    LifecycleRunner* life;
    Events* events;
    Tally* tally;
  };
  struct Ports {
    std::function<void()> look_soon;    // Something is to be looked at.
    std::function<void()> on_exchange;  // A member and this node told all.
  };

  GossipFollower(const Parts& parts, Ports ports)
      : parts_(parts), ports_(std::move(ports)) {}

  void OnEvent(const gossip::GossipEvent& event);

  // This node is a member too, and what it says of itself has changed.
  void NoteMembersChanged() { members_changed_ = true; }
  // True once after members, or what they say of themselves, have changed; and
  // at first.
  bool TakeMembersChanged() { return std::exchange(members_changed_, false); }

  const NameConflicts& name_conflicts() const { return name_conflicts_; }

 private:
  void OnMember(const gossip::MemberEvent& event);
  void OnHeard(const StateExchange::Heard& heard);
  void OnExchange();
  void OnConflict(const gossip::ConflictEvent& conflict);

  const Parts parts_;
  const Ports ports_;
  NameConflicts name_conflicts_;
  bool members_changed_ = true;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_GOSSIP_FOLLOWER_H_
