// SteadyNow: the clock that paces the front's callers.
#ifndef LB_DAEMON_FRONT_STEADY_NOW_H_
#define LB_DAEMON_FRONT_STEADY_NOW_H_

#include <chrono>

#include "absl/time/time.h"

namespace lb::front {

// Never goes back; its epoch means nothing. Any thread.
inline absl::Time SteadyNow() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_STEADY_NOW_H_
