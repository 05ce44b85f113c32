// PeerPlan: the sessions of BGP and BFD that the objects ask of this node.
//
// Pure: any thread.
//
//   const PeerPlan plan = PlanPeers(peers, links);
//   speaker.SetPeers(plan.peers);
//   detector.SetSessions(plan.bfd);
#ifndef LB_DAEMON_ROUTING_PEER_PLAN_H_
#define LB_DAEMON_ROUTING_PEER_PLAN_H_

#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/bfd/endpoint.h"
#include "lb/bfd/session_options.h"
#include "lb/bgp/peer.h"
#include "lb/config/bgp_objects.h"
#include "lb/io/link_monitor.h"

namespace lb {

struct PeerPlan {
  std::vector<bgp::PeerOptions> peers;
  // One session for all peers at an address. If they name two profiles, that of
  // the first peer by name counts.
  bfd::Endpoint::Sessions bfd;
  // The peers whose session ends when BFD says that the path is gone.
  std::map<bfd::SessionKey, std::vector<std::string>> watched;
  // Peers that get no session, by name, and why.
  std::map<std::string, std::string> refused;
};

// `peers`: those that are for this node. A peer on a link of this node, which
// is not said to be several hops away, gets BFD of one hop, on that link.
PeerPlan PlanPeers(absl::Span<const config::BgpPeer> peers,
                   absl::Span<const io::Link> links);

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_PEER_PLAN_H_
