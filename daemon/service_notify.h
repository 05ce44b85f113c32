// ServiceNotify: tells the service manager how lbd is, as sd_notify(3) says.
//
// With Type=notify systemd waits for the first word before it calls lbd
// started; with WatchdogSec= it restarts an lbd whose loop does not turn. Both
// are in packaging/lbd.service. Without a service manager (no NOTIFY_SOCKET)
// all of it does nothing.
//
// Loop thread only, and the loop outlives it.
#ifndef LB_DAEMON_SERVICE_NOTIFY_H_
#define LB_DAEMON_SERVICE_NOTIFY_H_

#include <memory>

#include "absl/time/time.h"
#include "lb/io/loop.h"

namespace lb {

class ServiceNotify {
 public:
  // Says that lbd serves. If the manager has a watchdog (WATCHDOG_USEC), the
  // loop pings it twice in each period from now on.
  explicit ServiceNotify(io::Loop* loop);
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  // Says that lbd ends on purpose.
  void Stopping();

 private:
  void Ping();

  io::Loop* const loop_;
  absl::Duration period_;  // Between the pings.
  const std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_SERVICE_NOTIFY_H_
