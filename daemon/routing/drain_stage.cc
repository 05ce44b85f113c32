#include "daemon/routing/drain_stage.h"

#include <utility>

#include "lb/bgp/drain.h"

namespace lb {

bool DrainStage::Follow(absl::Time now, bool draining,
                        absl::FunctionRef<Prefixes()> only_here) {
  const Stage before = stage_;
  if (!draining) {
    stage_ = Stage::kAnnounced;
  } else if (stage_ == Stage::kAnnounced) {
    stage_ = Stage::kLastResort;
    withdraw_at_ = now + wait_;
  } else if (now >= withdraw_at_) {
    stage_ = Stage::kWithdrawn;
  }
  if (stage_ != Stage::kLastResort) withdraw_at_ = absl::InfiniteFuture();
  only_here_due_ |= stage_ != before;
  if (stage_ != Stage::kWithdrawn || !std::exchange(only_here_due_, false)) {
    return stage_ != before;
  }
  const Prefixes only_before = std::exchange(only_here_, only_here());
  return stage_ != before || only_here_ != only_before;
}

bgp::RouteSet DrainStage::Told(const bgp::RouteSet& routes) const {
  if (stage_ == Stage::kAnnounced) return routes;
  if (stage_ == Stage::kLastResort) return bgp::Draining(routes);
  bgp::RouteSet kept;
  for (const auto& [prefix, attributes] : bgp::Draining(routes)) {
    // A route that was told is well.
    if (only_here_.contains(prefix)) {
      kept.Set({prefix, attributes}).IgnoreError();
    }
  }
  return kept;
}

}  // namespace lb
