// FrameBudget: how many frames a server may send that carry nothing.
//
// Pings, settings, empty DATA and the like cost a few bytes each and make the
// client work or answer (CVE-2019-9512, -9515, -9518). A server needs a few of
// them a second.
//
// Pure: the time is an argument. Private to lb/http.
#ifndef LB_HTTP_FRAME_BUDGET_H_
#define LB_HTTP_FRAME_BUDGET_H_

#include <algorithm>

#include "absl/time/time.h"

namespace lb::http {

class FrameBudget {
 public:
  static constexpr double kPerSecond = 1000;
  static constexpr double kAtOnce = 4000;

  explicit FrameBudget(absl::Time now) : filled_(now) {}

  // Takes one frame. False: it is one too many.
  bool Take(absl::Time now) {
    const double seconds = absl::ToDoubleSeconds(now - filled_);
    tokens_ = std::min(kAtOnce, tokens_ + seconds * kPerSecond);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  absl::Time filled_;
  double tokens_ = kAtOnce;
};

}  // namespace lb::http

#endif  // LB_HTTP_FRAME_BUDGET_H_
