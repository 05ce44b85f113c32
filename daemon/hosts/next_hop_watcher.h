// NextHopWatcher: the next hops of this host's routes, kept up to date.
//
// A route may change and no link with it, so the routes are read again in each
// kInterval. The first reading blocks: no service may be given an address that
// a router has. The later ones run beside the loop, one at a time. A reading
// that fails leaves what the one before it found.
//
//   NextHopWatcher watcher(loop, routes, [this] { ScheduleReconcile(); });
//   watcher.Refresh();  // A link has changed.
//   watcher.found().addresses
//
// Loop thread only; must not outlive the loop or the routes.
#ifndef LB_DAEMON_HOSTS_NEXT_HOP_WATCHER_H_
#define LB_DAEMON_HOSTS_NEXT_HOP_WATCHER_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/route_table.h"

namespace lb {

class NextHopWatcher {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);
  // Refresh() does not read more often, so that a busy loop may call it often.
  static constexpr absl::Duration kPause = absl::Seconds(1);

  // `routes` may be nullptr: there are no next hops then. `on_change` is called
  // whenever found() has changed, and may call this object.
  NextHopWatcher(io::Loop* loop, const io::RouteTable* routes,
                 absl::AnyInvocable<void()> on_change);
  NextHopWatcher(const NextHopWatcher&) = delete;
  NextHopWatcher& operator=(const NextHopWatcher&) = delete;

  // Reads the routes, unless that began within the last kPause. The first call
  // starts the watching.
  void Refresh();

  const io::NextHops& found() const { return found_; }

 private:
  void Read();
  void OnRead(absl::StatusOr<io::NextHops> next_hops);

  io::Loop* const loop_;
  const io::RouteTable* const routes_;
  absl::AnyInvocable<void()> on_change_;
  io::NextHops found_;
  absl::Time read_at_ = absl::InfinitePast();  // When a reading last began.
  bool is_reading_ = false;
  std::unique_ptr<io::Timer> timer_;
  // A reading may end after this object.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_NEXT_HOP_WATCHER_H_
