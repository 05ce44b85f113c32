// PeerPlan: the sessions of BGP and BFD that the objects ask of this node.
//
// Pure: any thread.
//
//   finder.Follow(InterfacesOf(peers));
//   const PeerPlan plan = PlanPeers(peers, {links, finder.found(), node});
//   speaker.SetPeers(plan.peers);
//   detector.SetSessions(plan.bfd);
#ifndef LB_DAEMON_ROUTING_PEER_PLAN_H_
#define LB_DAEMON_ROUTING_PEER_PLAN_H_

#include <map>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/bfd/endpoint.h"
#include "lb/bfd/session_options.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/unnumbered/router_finder.h"
#include "lb/config/bgp_objects.h"
#include "lb/election/cluster.h"
#include "lb/io/link_monitor.h"

namespace lb {

// A peer without a session.
struct WaitingPeer {
  std::string interface;
  std::string why;

  friend bool operator==(const WaitingPeer&, const WaitingPeer&) = default;
};

struct PeerPlan {
  std::vector<bgp::PeerOptions> peers;
  // One session for all peers at an address. If they name two profiles, that of
  // the first peer by name counts.
  bfd::Endpoint::Sessions bfd;
  // The peers whose session ends when BFD says that the path is gone.
  std::map<bfd::SessionKey, std::vector<std::string>> watched;
  // Peers of an interface whose router is not known (yet), and those for which
  // this node has an unfit label, by name.
  std::map<std::string, WaitingPeer> waiting;
  // Peers of an interface that has other routers, too, by name: which.
  std::map<std::string, std::string> doubts;
  // The longest that a peer of the objects is promised, also one that waits; 0:
  // none is.
  absl::Duration restart_time;
};

// Where this node is.
struct Surroundings {
  absl::Span<const io::Link> links;
  // By interface, as RouterFinder::found().
  const std::map<std::string, bgp::FoundRouter>& routers;
  election::NodeAttributes node = {};  // As the objects have it.
};

// Where routers are to be found: the interfaces of peers without an address.
absl::btree_set<std::string> InterfacesOf(
    absl::Span<const config::BgpPeer> peers);

// `peers`: those that are for this node, which may give them other values
// (config::PeerOnNode()). A peer on a link of this node, which
// is not said to be several hops away, gets BFD of one hop, on that link. One
// of an interface has the address of the router that was found there, is one
// hop away, and is told both families.
PeerPlan PlanPeers(absl::Span<const config::BgpPeer> peers,
                   const Surroundings& surroundings);

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_PEER_PLAN_H_
