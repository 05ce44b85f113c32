#include "daemon/service_notify.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace lb {

ServiceNotify::ServiceNotify(io::Loop* loop)
    : loop_(loop), timer_(loop->NewTimer([this] { Ping(); })) {
  // lbd serves even if the manager does not listen, so the results of these
  // calls do not matter.
  sd_notify(/*unset_environment=*/0, "READY=1");
  uint64_t watchdog_microseconds = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &watchdog_microseconds) >
      0) {
    period_ = absl::Microseconds(watchdog_microseconds) / 2;
    Ping();
  }
}

void ServiceNotify::Stopping() { sd_notify(0, "STOPPING=1"); }

void ServiceNotify::Ping() {
  sd_notify(0, "WATCHDOG=1");
  timer_->Arm(loop_->Now() + period_);
}

}  // namespace lb
