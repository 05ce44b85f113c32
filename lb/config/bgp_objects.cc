#include "lb/config/bgp_objects.h"

#include <algorithm>

namespace lb::config {

bool IsForPool(const BgpAdvertisement& advertisement, const std::string& pool,
               const Labels& labels) {
  const auto& pools = advertisement.pools;
  if (pools.empty() && advertisement.pool_selectors.empty()) return true;
  return std::find(pools.begin(), pools.end(), pool) != pools.end() ||
         MatchesAny(advertisement.pool_selectors, labels);
}

bool IsForNode(const std::vector<LabelSelector>& selectors,
               const Labels& labels) {
  return selectors.empty() || MatchesAny(selectors, labels);
}

}  // namespace lb::config
