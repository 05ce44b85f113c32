// The daemon's log: one line per event, on standard error.
//
// Text for a terminal or the journal; JSON, in the form that `lbctl events -o
// json` has, for tools. Never a line per packet, and few of what repeats
// (log_limiter.h). Loop thread only.
#ifndef LB_DAEMON_LOG_H_
#define LB_DAEMON_LOG_H_

#include "daemon/options/options.h"
#include "lb/base/event_log.h"

namespace lb {

// Sets level and form of all that is logged afterwards. Once, at the start.
void ConfigureLog(LogLevel level, LogFormat format);

// From now on.
void SetLogLevel(LogLevel level);

void LogEvent(const Event& event);

}  // namespace lb

#endif  // LB_DAEMON_LOG_H_
