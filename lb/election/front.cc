#include "lb/election/front.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace lb::election {

bool IsLastResort(const Contender& a, const Contender& b) {
  return std::tie(a.draining, a.one_family) >
         std::tie(b.draining, b.one_family);
}

bool TierPrecedes(const Contender& a, const Contender& b) {
  return std::tie(a.draining, a.one_family, a.holding_down, b.score) <
         std::tie(b.draining, b.one_family, b.holding_down, a.score);
}

bool Precedes(const Contender& a, const Contender& b) {
  return std::tie(a.draining, a.one_family, a.holding_down, b.score, a.digest) <
         std::tie(b.draining, b.one_family, b.holding_down, a.score, b.digest);
}

void Front::Offer(Contender contender, absl::FunctionRef<Digest()> digest) {
  const bool is_full = contenders_.size() == kSizeMax || !is_complete_;
  if (is_full &&
      (contenders_.empty() || TierPrecedes(contenders_.back(), contender))) {
    is_complete_ = false;
    return;
  }
  contender.digest = digest();
  const auto place = std::upper_bound(contenders_.begin(), contenders_.end(),
                                      contender, Precedes);
  if (is_full && place == contenders_.end()) {
    is_complete_ = false;  // Others beyond may come before it.
    return;
  }
  contenders_.insert(place, contender);
  if (contenders_.size() > kSizeMax) {
    contenders_.pop_back();
    is_complete_ = false;
  }
}

void Front::Remove(Slot slot) {
  std::erase_if(contenders_, [slot](const Contender& contender) {
    return contender.slot == slot;
  });
}

}  // namespace lb::election
