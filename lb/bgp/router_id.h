// ChooseIdentifier: the BGP identifier (router id) of a session.
//
// Pure: any thread.
#ifndef LB_BGP_ROUTER_ID_H_
#define LB_BGP_ROUTER_ID_H_

#include <cstdint>
#include <string_view>

#include "lb/bgp/next_hops.h"
#include "lb/bgp/peer.h"

namespace lb::bgp {

// The configured one, else the session's own IPv4 address, else the lowest IPv4
// address of its interface, else 32 bits of the SHA-256 of the node's name.
// Never 0. The same input gives the same number, so a restart changes nothing.
uint32_t ChooseIdentifier(const PeerOptions& options,
                          const LocalAddresses& local,
                          std::string_view node_name);

}  // namespace lb::bgp

#endif  // LB_BGP_ROUTER_ID_H_
