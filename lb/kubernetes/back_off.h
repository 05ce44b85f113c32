// BackOff: how long to wait after a failure: longer each time, and never in
// step with others.
//
// The n-th wait is drawn from the upper half of `min` doubled n times, up to
// `max`. So hundreds of clients that lost one server do not come back at one
// instant, and a client that fails for ever sends at most 2 / `max` requests a
// second. A server's own wish (Retry-After) counts if it is longer, up to
// `retry_after_max`.
//
// No clock: the caller adds the wait to its own time. It brings the random
// numbers, too, so that there may be thousands of these. One thread.
//
//   BackOff back_off({});
//   Prng random = prng.Fork("back-off");
//   timer->Arm(now + back_off.Next(random));
#ifndef LB_KUBERNETES_BACK_OFF_H_
#define LB_KUBERNETES_BACK_OFF_H_

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "lb/base/prng.h"

namespace lb::kubernetes {

struct BackOffOptions {
  absl::Duration min = absl::Milliseconds(50);
  absl::Duration max = absl::Seconds(5);
  absl::Duration unconnected_max = absl::Seconds(1);
  absl::Duration retry_after_max = absl::Seconds(60);
};

class BackOff {
 public:
  explicit BackOff(const BackOffOptions& options)
      : options_(options), next_(options.min) {}

  // The wait after one more failure.
  absl::Duration Next(Prng& prng,
                      std::optional<absl::Duration> retry_after = {});
  // The wait after an attempt for which no connection could be made.
  absl::Duration NextUnconnected(Prng& prng);

  // The next failure counts as the first.
  void Reset() {
    next_ = options_.min;
    failures_ = 0;
  }

  // True once for each wait that is no wish of the server: it may be cut short.
  bool TakeOwnWait() { return std::exchange(is_own_wait_, false); }

  // Since the last Reset().
  int failures() const { return failures_; }

 private:
  absl::Duration Draw(Prng& prng, absl::Duration max);

  BackOffOptions options_;
  absl::Duration next_;
  int failures_ = 0;
  bool is_own_wait_ = false;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_BACK_OFF_H_
