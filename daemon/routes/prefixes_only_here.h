// PrefixesOnlyHere: what a node that drains must go on announcing, because no
// other node does.
//
// A pure function; any thread. It asks the other nodes, service by service,
// until one announces it: its cost goes with the services that this node
// announces.
#ifndef LB_DAEMON_ROUTES_PREFIXES_ONLY_HERE_H_
#define LB_DAEMON_ROUTES_PREFIXES_ONLY_HERE_H_

#include <set>

#include "daemon/placement/placement.h"
#include "daemon/routes/node_advertisements.h"
#include "daemon/routes/route_announcers.h"
#include "lb/config/desired.h"
#include "lb/net/ip_prefix.h"

namespace lb {

// The prefixes of services that `here` announces and none of `others`.
std::set<net::IpPrefix> PrefixesOnlyHere(const config::Desired& desired,
                                         const AddressEntries& entries,
                                         const NodeIdentity& here,
                                         const RouteAnnouncers& others);

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_PREFIXES_ONLY_HERE_H_
