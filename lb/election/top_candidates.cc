#include "lb/election/top_candidates.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace lb::election {

bool IsLastResort(const RankedCandidate& a, const RankedCandidate& b) {
  return std::tie(a.draining, a.one_family) >
         std::tie(b.draining, b.one_family);
}

bool TierPrecedes(const RankedCandidate& a, const RankedCandidate& b) {
  return std::tie(a.draining, a.one_family, a.holding_down, b.score) <
         std::tie(b.draining, b.one_family, b.holding_down, a.score);
}

bool Precedes(const RankedCandidate& a, const RankedCandidate& b) {
  return std::tie(a.draining, a.one_family, a.holding_down, b.score, a.digest) <
         std::tie(b.draining, b.one_family, b.holding_down, a.score, b.digest);
}

void TopCandidates::Offer(RankedCandidate candidate,
                          absl::FunctionRef<Digest()> digest) {
  const bool is_full = ranked_.size() == kSizeMax || !is_complete_;
  if (is_full && (ranked_.empty() || TierPrecedes(ranked_.back(), candidate))) {
    is_complete_ = false;
    return;
  }
  candidate.digest = digest();
  const auto place =
      std::upper_bound(ranked_.begin(), ranked_.end(), candidate, Precedes);
  if (is_full && place == ranked_.end()) {
    is_complete_ = false;  // Others beyond may come before it.
    return;
  }
  ranked_.insert(place, candidate);
  if (ranked_.size() > kSizeMax) {
    ranked_.pop_back();
    is_complete_ = false;
  }
}

void TopCandidates::Remove(Slot slot) {
  std::erase_if(ranked_, [slot](const RankedCandidate& candidate) {
    return candidate.slot == slot;
  });
}

}  // namespace lb::election
