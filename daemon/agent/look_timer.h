// LookTimer: when an agent looks at its inputs again.
//
// The first input is looked at on the next turn of the loop. Inputs that follow
// within an interval of that look, as when a thousand addresses move, are
// looked at together. More inputs put nothing off: once its time has come a
// look stays due.
//
//   LookTimer looks(loop, [&] { Reconcile(); });
//   looks.Schedule(interval);  // For each input.
//   looks.Begin();             // In Reconcile().
//
// Loop thread only.
#ifndef LB_DAEMON_AGENT_LOOK_TIMER_H_
#define LB_DAEMON_AGENT_LOOK_TIMER_H_

#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"

namespace lb {

class LookTimer {
 public:
  LookTimer(io::Loop* loop, absl::AnyInvocable<void()> look)
      : loop_(loop), timer_(loop->NewTimer(std::move(look))) {}

  // One look follows, on a later turn, at least `interval` after the last one.
  void Schedule(absl::Duration interval) { timer_->Arm(began_ + interval); }
  // A look begins, be it due or not. Returns the loop's time.
  absl::Time Begin() { return began_ = loop_->Now(); }

 private:
  io::Loop* const loop_;
  const std::unique_ptr<io::Timer> timer_;
  absl::Time began_ = absl::InfinitePast();  // The last look.
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LOOK_TIMER_H_
