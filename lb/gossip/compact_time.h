// CompactTime: an absl::Time in half the room, for tables of many.
//
// Whole nanoseconds. Times beyond 1677 and 2262 are those years': as far past,
// or to come, as any loop's time needs.
#ifndef LB_GOSSIP_COMPACT_TIME_H_
#define LB_GOSSIP_COMPACT_TIME_H_

#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace lb::gossip {

class CompactTime {
 public:
  constexpr CompactTime() = default;  // The furthest past.
  CompactTime(absl::Time time)        // NOLINT: as good as the time itself.
      : nanoseconds_(absl::ToUnixNanos(time)) {}
  operator absl::Time() const {  // NOLINT: likewise.
    return absl::FromUnixNanos(nanoseconds_);
  }

 private:
  int64_t nanoseconds_ = std::numeric_limits<int64_t>::min();
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_COMPACT_TIME_H_
