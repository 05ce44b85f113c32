// LogLimiter: keeps repeated events from filling the log.
//
// It logs the first kLinesMax events with one reason and object in each
// kWindow. The next line after the window says how many were left out. Pure.
#ifndef LB_DAEMON_LOG_LIMITER_H_
#define LB_DAEMON_LOG_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/base/event_log.h"

namespace lb {

class LogLimiter {
 public:
  static constexpr uint64_t kLinesMax = 5;
  static constexpr absl::Duration kWindow = absl::Seconds(30);
  // At most so many pairs of reason and object are followed. Events beyond them
  // are all logged.
  static constexpr size_t kFollowedMax = 1024;

  struct Verdict {
    bool log = true;
    uint64_t suppressed = 0;  // Similar events since the last logged one.
  };

  // By the event's own time.
  Verdict Judge(const Event& event);

 private:
  struct Window {
    absl::Time begin;
    uint64_t lines = 0;
    uint64_t suppressed = 0;
  };

  static bool IsOver(const Window& window, absl::Time now);
  void ForgetOver(absl::Time now);

  std::map<std::pair<std::string, std::string>, Window> windows_;
  absl::Time looked_ = absl::InfinitePast();  // When ForgetOver() did.
};

}  // namespace lb

#endif  // LB_DAEMON_LOG_LIMITER_H_
