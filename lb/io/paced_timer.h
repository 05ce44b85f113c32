// PacedTimer: a timer that keeps an interval between two firings on average.
//
// The first inputs count at once (Pace::kAtOnce of them); after these, inputs
// that come within an interval are looked at together, so that no flood of them
// takes the loop for itself. More inputs put nothing off: of two deadlines the
// earlier one counts.
//
//   PacedTimer timer(loop, [] { ... });
//   timer.ArmBy(loop->Now(), absl::Milliseconds(10));  // An input has come.
//
// Loop thread only; must not outlive the loop.
#ifndef LB_IO_PACED_TIMER_H_
#define LB_IO_PACED_TIMER_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/pace.h"

namespace lb::io {

class PacedTimer {
 public:
  PacedTimer(Loop* loop, absl::AnyInvocable<void()> on_fire);

  // Fires at `deadline`, or when the pace allows it if that is later. Changes
  // nothing if it is armed for an earlier time already.
  void ArmBy(absl::Time deadline, absl::Duration interval);
  // Fires on the next turn of the loop, whatever the pace: for the rest of what
  // the last firing began. So the loop has turns for other things in between.
  void GoOn();

 private:
  void OnTimer();

  Loop* const loop_;
  absl::AnyInvocable<void()> on_fire_;
  absl::Time armed_for_ = absl::InfiniteFuture();
  absl::Duration interval_;  // As it was given last.
  bool goes_on_ = false;     // GoOn()
  Pace pace_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace lb::io

#endif  // LB_IO_PACED_TIMER_H_
