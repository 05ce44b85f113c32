// StallGuard: finds out that the node was not run for too long (SIGSTOP, a
// frozen machine).
//
//   StallGuard guard(/*stall_max=*/absl::Seconds(1));
//   if (guard.NoteRun(now)) Release(vip);  // Others may have it by now.
//
// Pure bookkeeping.
#ifndef LB_ANNOUNCE_STALL_GUARD_H_
#define LB_ANNOUNCE_STALL_GUARD_H_

#include <optional>
#include <utility>

#include "absl/time/time.h"

namespace lb::announce {

class StallGuard {
 public:
  // The longest time between two runs; 0: any.
  explicit StallGuard(absl::Duration stall_max) : stall_max_(stall_max) {}

  // The node runs. The time since it ran last, if that is over the maximum.
  std::optional<absl::Duration> NoteRun(absl::Time now) {
    const absl::Duration pause = now - std::exchange(run_at_, now);
    if (stall_max_ <= absl::ZeroDuration() || pause <= stall_max_) {
      return std::nullopt;
    }
    return pause;
  }
  // When the node must run at the latest, with room for a late wake-up.
  absl::Time NextDeadline() const {
    if (stall_max_ <= absl::ZeroDuration()) return absl::InfiniteFuture();
    return run_at_ + stall_max_ / 4;
  }
  // Last. Before any: InfiniteFuture.
  absl::Time run_at() const { return run_at_; }

 private:
  const absl::Duration stall_max_;
  absl::Time run_at_ = absl::InfiniteFuture();
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_STALL_GUARD_H_
