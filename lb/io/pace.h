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
// The interval may be another at each call. Pure bookkeeping: a leaky bucket
// that counts events, not time, so that those under another interval weigh the
// same.
#ifndef LB_IO_PACE_H_
#define LB_IO_PACE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace lb::io {

class Pace {
 public:
  // Events that may come without any time between them.
  static constexpr int kAtOnce = 3;

  // One happens.
  void Note(absl::Time now, absl::Duration interval) {
    absl::Duration rest;
    const int64_t leaked =
        absl::IDivDuration((now - noted_at_) * kEvent, interval, &rest);
    level_ = std::max<int64_t>(level_ - leaked, 0) + kEvent;
    noted_at_ = now;
  }
  // The earliest time for the next one; perhaps it has passed.
  absl::Time Next(absl::Duration interval) const {
    const int64_t over = std::max<int64_t>(level_ - kFull, 0);
    return noted_at_ + over * interval / kEvent;
  }

 private:
  static constexpr int64_t kEvent = 1'000'000;
  static constexpr int64_t kFull = (kAtOnce - 1) * kEvent;

  absl::Time noted_at_ = absl::InfinitePast();
  int64_t level_ = 0;  // Just after `noted_at_`, in parts of an event.
};

}  // namespace lb::io

#endif  // LB_IO_PACE_H_
