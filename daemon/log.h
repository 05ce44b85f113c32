// The daemon's log: one line per event, on standard error.
//
// A line is text for a terminal or the journal, or JSON for tools, in the form
// of `lbctl events -o json`. There is never a line for each packet, and
// repeated events give few lines (log_limiter.h). Loop thread only.
#ifndef LB_DAEMON_LOG_H_
#define LB_DAEMON_LOG_H_

#include "daemon/options/options.h"
#include "lb/base/event_log.h"

namespace lb {

// Sets level and form of the log. Call it once, at the start.
void ConfigureLog(LogLevel level, LogFormat format);

// Sets the level from now on.
void SetLogLevel(LogLevel level);

void LogEvent(const Event& event);

}  // namespace lb

#endif  // LB_DAEMON_LOG_H_
