// PeerOnNode: a BGPPeer as one node has it.
//
// The annotations lb.io/my-asn-from, lb.io/peer-asn-from and
// lb.io/peer-address-from of a BGPPeer each name a label of the node, or an
// annotation of it that begins with "bgp.lb.io/". Where the node has it, its
// value takes the place of the field in spec; elsewhere spec counts. So one
// object has the sessions of all nodes with the routers of their racks.
//
// Pure: any thread.
//
//   LB_ASSIGN_OR_RETURN(const BgpPeer here, PeerOnNode(peer, node));
#ifndef LB_CONFIG_PEER_ON_NODE_H_
#define LB_CONFIG_PEER_ON_NODE_H_

#include "absl/status/statusor.h"
#include "lb/config/bgp_objects.h"
#include "lb/election/cluster.h"

namespace lb::config {

// InvalidArgument: a value of the node is not fit for its field. The message
// has the node, the key, the value and what is wanted.
absl::StatusOr<BgpPeer> PeerOnNode(const BgpPeer& peer,
                                   const election::NodeAttributes& node);

}  // namespace lb::config

#endif  // LB_CONFIG_PEER_ON_NODE_H_
