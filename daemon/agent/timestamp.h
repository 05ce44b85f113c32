// From absl::Time to the protobuf form.
#ifndef LB_DAEMON_AGENT_TIMESTAMP_H_
#define LB_DAEMON_AGENT_TIMESTAMP_H_

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace lb {

inline void SetTimestamp(absl::Time time, google::protobuf::Timestamp* proto) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto->set_seconds(seconds);
  proto->set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace lb

#endif  // LB_DAEMON_AGENT_TIMESTAMP_H_
