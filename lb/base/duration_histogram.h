// DurationHistogram: how many durations were up to each of some bounds.
//
// A plain value: no clock, no lock, no allocation.
//
//   static constexpr std::array kBounds = {0.1, 1.0};  // Seconds, rising.
//   DurationHistogram<kBounds> histogram;
//   histogram.Add(absl::Milliseconds(500));
//   histogram.counts;  // {0, 1, 0}
#ifndef LB_BASE_DURATION_HISTOGRAM_H_
#define LB_BASE_DURATION_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace lb {

template <const auto& kBounds>
struct DurationHistogram {
  static constexpr const auto& kBoundsSeconds = kBounds;

  void Add(absl::Duration duration) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(),
                                        absl::ToDoubleSeconds(duration));
    ++counts[static_cast<size_t>(bound - kBounds.begin())];
    sum += duration;
  }

  std::array<uint64_t, kBounds.size() + 1> counts = {};  // Last: above all.
  absl::Duration sum = absl::ZeroDuration();
};

}  // namespace lb

#endif  // LB_BASE_DURATION_HISTOGRAM_H_
