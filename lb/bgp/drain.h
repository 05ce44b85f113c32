// Draining: routes that ask routers to prefer any other path (RFC 8326).
//
// Pure: any thread.
//
//   LB_RETURN_IF_ERROR(speaker.SetRoutes("tor-1", Draining(routes)));
//   // After some seconds, when routers have moved their flows:
//   LB_RETURN_IF_ERROR(speaker.SetRoutes("tor-1", {}));
#ifndef LB_BGP_DRAIN_H_
#define LB_BGP_DRAIN_H_

#include "lb/bgp/route.h"

namespace lb::bgp {

// The same routes with the community 65535:0. A route that has
// PathAttributes::kCommunitiesMax of them loses the last one for it.
RouteSet Draining(const RouteSet& routes);

}  // namespace lb::bgp

#endif  // LB_BGP_DRAIN_H_
