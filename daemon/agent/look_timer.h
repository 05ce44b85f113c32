// LookTimer: when an agent looks at its inputs again.
//
// The first inputs are looked at on the next turn of the loop, as one change of
// a service leads to a few, one after the other. Those that follow within an
// interval, as when a thousand addresses move, are looked at together
// (io::Pace). More inputs put nothing off: once its time has come a look stays
// due.
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
#include "lb/io/pace.h"

namespace lb {

class LookTimer {
 public:
  static constexpr absl::Duration kPutOff = absl::Milliseconds(5);

  LookTimer(io::Loop* loop, absl::AnyInvocable<void()> look)
      : loop_(loop), timer_(loop->NewTimer(std::move(look))) {}

  // One look follows, on a later turn; `interval` after the last one if there
  // were a few just now.
  void Schedule(absl::Duration interval) {
    interval_ = interval;
    timer_->Arm(pace_.Next(interval));
  }
  // A look that is due has to wait for something else: it is due again soon.
  void PutOff() { timer_->Arm(loop_->Now() + kPutOff); }
  // A look begins, be it due or not. Returns the loop's time.
  absl::Time Begin() {
    const absl::Time now = loop_->Now();
    pace_.Note(now, interval_);
    return now;
  }

 private:
  io::Loop* const loop_;
  const std::unique_ptr<io::Timer> timer_;
  absl::Duration interval_;  // As it was given last.
  io::Pace pace_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LOOK_TIMER_H_
