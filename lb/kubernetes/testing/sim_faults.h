// SimFaultPlan: how often a simulated API server fails, and how.
//
// Values, any thread.
#ifndef LB_KUBERNETES_TESTING_SIM_FAULTS_H_
#define LB_KUBERNETES_TESTING_SIM_FAULTS_H_

#include "absl/time/time.h"

namespace lb::kubernetes {

// Each number is the percentage of requests that meets the fault.
struct SimFaultPlan {
  double too_many = 0;      // 429 with Retry-After: 1.
  double unavailable = 0;   // 503 with Retry-After: 1.
  double internal = 0;      // 500
  double unauthorized = 0;  // 401
  double lost_before = 0;   // The connection is lost before the server acts.
  double lost_after = 0;    // The server acts, and the answer is lost.
  double torn = 0;          // The connection is lost within the answer.
  double slow = 0;          // Takes up to `slow_max` longer.
  double expired = 0;       // 410 to a watch or to a continue token.
  double too_large = 0;     // 504 ResourceVersionTooLarge to a watch.
  double garbage = 0;       // A watch sends a line that is no JSON.
  double short_watch = 0;   // A watch ends at once, with success.
  absl::Duration slow_max = absl::Seconds(3);
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_FAULTS_H_
