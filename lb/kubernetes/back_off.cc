#include "lb/kubernetes/back_off.h"

#include <algorithm>

namespace lb::kubernetes {

absl::Duration BackOff::Draw(Prng& prng, absl::Duration max) {
  ++failures_;
  is_own_wait_ = true;
  next_ = std::min(next_, max);
  const absl::Duration half = next_ / 2;
  next_ = std::min(next_ * 2, max);
  return half + prng.UniformDuration(half);
}

absl::Duration BackOff::NextUnconnected(Prng& prng) {
  return Draw(prng, std::min(options_.unconnected_max, options_.max));
}

absl::Duration BackOff::Next(Prng& prng,
                             std::optional<absl::Duration> retry_after) {
  const absl::Duration wait = Draw(prng, options_.max);
  if (!retry_after) return wait;
  is_own_wait_ = false;
  // All clients that were refused together got the same number.
  const absl::Duration wish = std::min(*retry_after, options_.retry_after_max);
  return std::max(wait, wish + prng.UniformDuration(wish / 4));
}

}  // namespace lb::kubernetes
