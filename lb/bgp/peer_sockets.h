// The settings of the sockets that BGP uses.
//
// Pure: any thread.
#ifndef LB_BGP_PEER_SOCKETS_H_
#define LB_BGP_PEER_SOCKETS_H_

#include <vector>

#include "lb/bgp/peer.h"
#include "lb/io/socket_options.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

// TTL 255 always: a peer with TTL security demands it, and no other one minds.
// The class of network control (CS6), so that a full link does not drop it.
io::StreamOptions DialOptionsFor(const PeerOptions& peer);

// Where a dial to the peer starts: its source, else any address of the family.
net::IpAddress SourceFor(const PeerOptions& peer);

// One socket for all of them: with the key of each, and no minimum TTL, which
// would hold for every peer.
io::StreamOptions ListenerOptionsFor(
    const std::vector<const PeerOptions*>& peers);

}  // namespace lb::bgp

#endif  // LB_BGP_PEER_SOCKETS_H_
