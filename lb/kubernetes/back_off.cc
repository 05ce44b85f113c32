#include "lb/kubernetes/back_off.h"

#include <algorithm>

namespace lb::kubernetes {

absl::Duration BackOff::Next(Prng& prng,
                             std::optional<absl::Duration> retry_after) {
  ++failures_;
  const absl::Duration half = next_ / 2;
  next_ = std::min(next_ * 2, options_.max);
  const absl::Duration wait = half + prng.UniformDuration(half);
  if (!retry_after) return wait;
  // All clients that were refused together got the same number.
  const absl::Duration wish = std::min(*retry_after, options_.retry_after_max);
  return std::max(wait, wish + prng.UniformDuration(wish / 4));
}

}  // namespace lb::kubernetes
