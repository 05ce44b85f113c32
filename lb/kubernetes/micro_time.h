// FormatMicroTime: a time as metav1.MicroTime has it.
//
// Pure, any thread.
//
//   FormatMicroTime(absl::UnixEpoch())  "1970-01-01T00:00:00.000000Z"
#ifndef LB_KUBERNETES_MICRO_TIME_H_
#define LB_KUBERNETES_MICRO_TIME_H_

#include <string>

#include "absl/time/time.h"

namespace lb::kubernetes {

inline std::string FormatMicroTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_MICRO_TIME_H_
