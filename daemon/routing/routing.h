// Routing: what this node does by BGP.
//
// Joins the plan of routes (daemon/routes), the sessions that tell them
// (lb/bgp) and the detector of dead paths (lb/bfd). There is no election: each
// node announces what its own row of the plan has.
//
// Sessions begin once the node acts and its plan is complete: a router that
// kept the routes over a restart drops what it is not told in the first table.
// Members play a part in a drain only. A draining node asks routers to
// prefer any other (RFC 8326), and withdraws after `drain_wait` what another
// node announces too.
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
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/placement/placement.h"
#include "daemon/routes/route_announcers.h"
#include "daemon/routes/route_planner.h"
#include "daemon/routing/peer_plan.h"
#include "daemon/routing/restart_record.h"
#include "lb/bfd/bfd_node.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/route.h"
#include "lb/bgp/speaker_node.h"
#include "lb/bgp/unnumbered/router_finder.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {

class Routing {
 public:
  struct Options {
    NodeIdentity identity;
    std::string boot_id;  // As RestartRecord has it.
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
    // Addresses that hosts have, since when.
    const std::map<net::IpAddress, absl::Time>& withheld;
    // Nodes that live, this one too, and whether they are others than at the
    // last look; others that could take traffic over.
    bool members_changed = false;
    std::function<std::vector<std::string>()> members;
    std::function<std::vector<std::string>()> others;
  };

  // Sessions begin so long after the node acts at the latest, though services
  // were not looked up.
  static constexpr absl::Duration kWholeMax = absl::Seconds(2);

  // `look_soon` asks for an Update() on a later turn.
  Routing(Options options, const io::Environment& environment,
          std::function<void()> look_soon);

  // As RoutePlanner has it, for the next Update().
  void SetDesired(const config::Desired& desired,
                  const config::Difference& difference);
  void OnLinks();
  void Update(const Look& look);

  // Ends all sessions, for good. With a peer that was promised a restart
  // nothing is said, so that peers keep the routes for the next process; else
  // the routes are withdrawn, and the peers are told why.
  void Leave();

  // As RoutePlanner::TakeTurned().
  RoutePlanner::Services TakeTurned() { return planner_.TakeTurned(); }
  RoutePlanner::Services TakeRepeered() { return planner_.TakeRepeered(); }
  // Addresses that this node announces, to be delivered here.
  const std::set<net::IpAddress>& addresses() const {
    return planner_.addresses();
  }

  // For those that describe the node: its own row, and those of all.
  const RoutePlanner& planner() const { return planner_; }
  const RouteAnnouncers& announcers() const { return announcers_; }
  // True if a node that lives announces the service by BGP.
  bool IsRouted(const config::Desired& desired, const AddressEntries& entries,
                const std::string& service) const;
  std::vector<bgp::PeerStatus> Peers() const;
  // Since when the session with the peer is not Established. REQUIRES: it has
  // a session, or waits for its router, and that is so.
  absl::Time DownSince(const std::string& peer) const;
  // The peers without a session, by name, and why.
  const std::map<std::string, std::string>& refused() const { return refused_; }
  absl::btree_map<bfd::SessionKey, bfd::NodeSession> BfdSessions() const;
  // What the peer is told or is to be told.
  bgp::RouteSet RoutesTo(const std::string& peer) const;
  const PeerPlan& plan() const { return plan_; }

 private:
  // How routes are told, as long as the node drains.
  enum class Stage : uint8_t { kAnnounced, kLastResort, kWithdrawn };
  struct Drain {
    Stage stage = Stage::kAnnounced;
    absl::Time withdraw_at = absl::InfiniteFuture();
    // With kWithdrawn: what is still told, and whether to find it again.
    std::set<net::IpPrefix> only_here = {};
    bool only_here_due = true;
  };

  // True once the first session may begin.
  bool MayBegin(const Look& look);
  // True if the plan has all that an earlier run of this node announced: the
  // addresses of objects that were just read are looked up on a later turn.
  bool IsWhole(const Look& look) const;
  void FollowAnnouncers(const Look& look);
  std::vector<NodeIdentity> IdentitiesOf(std::vector<std::string> nodes) const;
  void FollowStage(const Look& look);
  void FollowPeers(const config::Desired& desired);
  // Finds the routers of peers without an address.
  void FollowRouters(absl::Span<const config::BgpPeer> peers);
  void BeginSpeaking();
  void FollowSessions();
  void FollowBfd();
  void TellRoutes();
  void TellAll(const std::string& peer);
  void Note(const std::string& peer, const absl::Status& told);
  void OnNews(const bgp::SpeakerNews& news);
  void OnBfd(const bfd::SessionEvent& event);

  const Options options_;
  const io::Environment environment_;
  const std::function<void()> look_soon_;
  RoutePlanner planner_;
  RouteAnnouncers announcers_{{}, {}};
  bool announcers_due_ = true;
  RestartRecord restart_;
  bool begun_ = false;
  absl::Time begin_by_ = absl::InfiniteFuture();
  bool left_ = false;
  bool peers_due_ = true;
  Drain drain_;
  PeerPlan plan_;
  std::map<std::string, std::string> refused_;
  // Peers whose session is not Established, by name.
  std::map<std::string, absl::Time, std::less<>> down_since_;
  std::unique_ptr<bgp::RouterFinder> finder_;  // Null: all have addresses.
  std::unique_ptr<bgp::SpeakerNode> speaker_;  // Null: there never was a peer.
  std::unique_ptr<bfd::BfdNode> detector_;     // Null: nor a BFD session.
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_ROUTING_H_
