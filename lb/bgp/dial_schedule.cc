#include "lb/bgp/dial_schedule.h"

#include <algorithm>
#include <utility>

namespace lb::bgp {

void DialSchedule::OnFailed(absl::Time now, DialFailure failure,
                            absl::Time established) {
  if (now - established >= kStableAfter) Reset(now);
  const bool is_refused = failure == DialFailure::kOpenRefused;
  absl::Duration& wait = is_refused ? refused_ : away_;
  const absl::Duration longest = is_refused ? kRefusedMax : away_max_;
  const absl::Duration full = std::exchange(wait, std::min(2 * wait, longest));
  next_ = now + full - prng_.UniformDuration(full / 4);
}

void DialSchedule::Reset(absl::Time now) {
  away_ = kAwayMin;
  refused_ = kRefusedMin;
  next_ = now;
}

}  // namespace lb::bgp
