// Routing: what this node does by BGP.
//
// Joins the plan of routes (daemon/routes), the sessions that tell them
// (lb/bgp) and the detector of dead paths (lb/bfd). There is no election: each
// node announces what its own row of the plan has.
//
// Sessions begin once the node acts and its plan is complete: a router that
// kept the routes over a restart drops what it is not told in the first table.
// Members play a part in a drain only (DrainStage).
//
// How changes are told:
//  - A change is planned, told and sent in one Update(), on one turn of the
//    loop. No timer and no look at anything else lies in between.
//  - A change of many services is planned in portions of 1,000, on turns that
//    follow each other, and new addresses come in portions too, as
//    they are assigned and written. As long as more of them are on the way, an
//    UPDATE that is not full waits for these: 250 ms after the last UPDATE, and
//    2 s in all. So 10,000 routes need as few UPDATEs as if they were told at
//    once.
//  - A change of a few services is planned before the rest of a large one, and
//    goes at once, with all that waits: a service that dies waits for no other.
//
// Without objects for BGP it keeps nothing and opens no socket. Loop thread
// only; the environment outlives it.
#ifndef LB_DAEMON_ROUTING_ROUTING_H_
#define LB_DAEMON_ROUTING_ROUTING_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "daemon/routes/route_announcers.h"
#include "daemon/routes/route_planner.h"
#include "daemon/routing/drain_stage.h"
#include "daemon/routing/first_plan.h"
#include "daemon/routing/peer_plan.h"
#include "daemon/routing/peer_sessions.h"
#include "lb/bfd/bfd_node.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/route.h"
#include "lb/bgp/signature/signature_watch.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"

namespace lb {

class Routing {
 public:
  struct Options {
    NodeIdentity identity;
    std::string boot_id;                  // As RestartRecord has it.
    std::optional<net::Endpoint> listen;  // As PeerSessions has it.
    // How long routers have to move their flows before a draining node
    // withdraws.
    absl::Duration drain_wait = absl::Seconds(5);
  };
  struct Look {
    bool acts = false;
    bool draining = false;
    const config::Desired& desired;
    const AddressEntries& entries;
    const RoutePlanner::Services& changed;  // Their addresses are others.
    // How many services are to get theirs within the next turns, at least.
    size_t awaited = 0;
    // Addresses that hosts have, since when; and how often that has changed.
    const std::map<net::IpAddress, absl::Time>& withheld;
    uint64_t withheld_version = 0;
    // Nodes that live, this one too, and whether they are others than at the
    // last look; others that could take traffic over.
    bool members_changed = false;
    std::function<std::vector<std::string>()> members;
    std::function<std::vector<std::string>()> others;
  };

  // As FirstPlan has it.
  static constexpr absl::Duration kWholeMax = FirstPlan::kWholeMax;
  // How long one Update() keeps the loop for itself: it begins no portion after
  // this time, and no more than so many.
  static constexpr absl::Duration kTurnMax = absl::Milliseconds(20);
  static constexpr int kPortionsMax = 10;
  // So few services are told each for itself.
  static constexpr size_t kFew = RoutePlanner::kFew;

  // `look_soon` asks for an Update() on a later turn.
  Routing(Options options, const io::Environment& environment,
          std::function<void()> look_soon);

  // As RoutePlanner has it, for the next Update().
  void SetDesired(const config::Desired& desired,
                  const config::Difference& difference);
  void OnLinks();
  void Update(const Look& look);

  // As PeerSessions::Leave().
  void Leave();

  // As RoutePlanner has them.
  RoutePlanner::Services TakeTurned(size_t count) {
    return planner_.TakeTurned(count);
  }
  RoutePlanner::Services TakeRepeered(size_t count) {
    return planner_.TakeRepeered(count);
  }
  absl::btree_map<net::IpAddress, bool> TakeAddressChanges() {
    return planner_.TakeAddressChanges();
  }

  // True while routes of many services are planned, or their addresses are
  // awaited, and peers are to be told of them.
  bool is_busy() const {
    return first_ == nullptr && (planner_.has_more() || many_awaited_);
  }

  // For those that describe the node: its own row, and those of all.
  const RoutePlanner& planner() const { return planner_; }
  const RouteAnnouncers& announcers() const { return announcers_; }
  // True if a node that lives announces the service by BGP.
  bool IsRouted(const config::Desired& desired, const AddressEntries& entries,
                const std::string& service) const;
  // It has peers, and no session with one is Established. An Update() is asked
  // for when that changes.
  bool is_unrouted() const {
    return !planner_.peers().empty() && !sessions_.is_established();
  }
  // As PeerSessions has them.
  std::vector<bgp::PeerStatus> Peers() const { return sessions_.Statuses(); }
  absl::Time DownSince(const std::string& peer) const {
    return sessions_.DownSince(peer);
  }
  const std::map<std::string, std::string>& refused() const {
    return sessions_.refused();
  }
  absl::btree_map<bfd::SessionKey, bfd::NodeSession> BfdSessions() const {
    return sessions_.BfdSessions();
  }
  std::optional<bgp::SignatureSeen> SignatureOf(const std::string& peer) const {
    return sessions_.SignatureOf(peer);
  }
  const PeerPlan& plan() const { return sessions_.plan(); }
  // What the peer is told or is to be told.
  bgp::RouteSet RoutesTo(const std::string& peer) const;

 private:
  void NoteServices(const config::Desired& desired,
                    const config::Difference& difference);
  // True once the first session may begin.
  bool MayBegin(const Look& look);
  void FollowWithheld(const Look& look);
  // True: some of it is not to wait for what is left.
  bool Plan(const Look& look);
  void FollowAnnouncers(const Look& look);
  std::vector<NodeIdentity> IdentitiesOf(std::vector<std::string> nodes) const;
  void FollowDrain(const Look& look);
  void FollowPeers(const config::Desired& desired);
  void FollowBatch(const Look& look, bool is_urgent);
  void TellRoutes();
  void TellAll(const std::string& peer);

  const Options options_;
  const io::Environment environment_;
  const std::function<void()> look_soon_;
  RoutePlanner planner_;
  uint64_t withheld_version_ = 0;
  RouteAnnouncers announcers_{{}, {}};
  bool announcers_due_ = true;
  // Null once sessions have begun.
  std::unique_ptr<FirstPlan> first_ = std::make_unique<FirstPlan>();
  bool knows_services_ = false;
  bool left_ = false;
  bool peers_due_ = true;
  bool many_awaited_ = false;  // And not all of them came yet.
  DrainStage drain_;
  PeerSessions sessions_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_ROUTING_H_
