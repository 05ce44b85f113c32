// Liveness: when to ping a peer that is silent, and when it counts as lost.
//
//   liveness.OnBytes(now);
//   timer->Arm(liveness.NextDeadline());
//   ... on the timer: switch (liveness.OnTimer(now)) ...
//
// A peer is watched while something is expected of it. A ping is due once it
// has been silent for the interval; any bytes end the silence. So a silence
// never lasts longer than interval and timeout together.
//
// Pure: the time is an argument. Private to lb/http.
#ifndef LB_HTTP_LIVENESS_H_
#define LB_HTTP_LIVENESS_H_

#include <optional>

#include "absl/time/time.h"

namespace lb::http {

class Liveness {
 public:
  enum class Due { kNothing, kPing, kLoss };

  Liveness(absl::Duration interval, absl::Duration timeout, absl::Time now)
      : interval_(interval), timeout_(timeout), heard_(now) {}

  // The peer has sent bytes.
  void OnBytes(absl::Time now) {
    heard_ = now;
    pinged_.reset();
  }

  // A peer that was not watched for long is pinged at once.
  void SetWatched(bool watched) {
    if (!watched) pinged_.reset();
    watched_ = watched;
  }

  absl::Time NextDeadline() const {
    if (!watched_) return absl::InfiniteFuture();
    return pinged_ ? *pinged_ + timeout_ : heard_ + interval_;
  }

  // What is due at `now`. A ping is due once: the caller sends it.
  Due OnTimer(absl::Time now) {
    if (now < NextDeadline()) return Due::kNothing;
    if (pinged_) return Due::kLoss;
    pinged_ = now;
    return Due::kPing;
  }

 private:
  const absl::Duration interval_;
  const absl::Duration timeout_;
  absl::Time heard_;
  std::optional<absl::Time> pinged_;  // Since it was heard.
  bool watched_ = false;
};

}  // namespace lb::http

#endif  // LB_HTTP_LIVENESS_H_
