// Pace: keeps an interval between events on average, and lets a few come at
// once.
//
// For work that inputs cause, and that is shared by those that come together. A
// single cause often leads to a few inputs, one after the other, and none of
// these is to wait; of a flood each is to wait for the next interval.
//
//   Pace pace;
//   timer->Arm(std::max(loop->Now(), pace.Next(interval)));
//   ...
//   pace.Note(loop->Now(), interval);  // It happens.
//
// Pure bookkeeping: a leaky bucket with room for kAtOnce.
#ifndef LB_IO_PACE_H_
#define LB_IO_PACE_H_

#include <algorithm>

#include "absl/time/time.h"

namespace lb::io {

class Pace {
 public:
  // Events that may come without any time between them.
  static constexpr int kAtOnce = 3;

  // One happens.
  void Note(absl::Time now, absl::Duration interval) {
    paid_until_ = std::max(paid_until_, now) + interval;
  }
  // The earliest time for the next one; perhaps it has passed.
  absl::Time Next(absl::Duration interval) const {
    return paid_until_ - (kAtOnce - 1) * interval;
  }

 private:
  // When each event so far has had its interval.
  absl::Time paid_until_ = absl::InfinitePast();
};

}  // namespace lb::io

#endif  // LB_IO_PACE_H_
