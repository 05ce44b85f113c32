#include "lb/bgp/drain.h"

#include <algorithm>

#include "lb/base/check.h"
#include "lb/bgp/community.h"

namespace lb::bgp {

RouteSet Draining(const RouteSet& routes) {
  RouteSet draining;
  for (const auto& [prefix, attributes] : routes) {
    Route route = {.prefix = prefix, .attributes = attributes};
    std::vector<Community>& communities = route.attributes.communities;
    if (!std::binary_search(communities.begin(), communities.end(),
                            kGracefulShutdown)) {
      if (communities.size() == PathAttributes::kCommunitiesMax) {
        communities.pop_back();
      }
      communities.push_back(kGracefulShutdown);
    }
    LB_CHECK(draining.Set(std::move(route)).ok());
  }
  return draining;
}

}  // namespace lb::bgp
