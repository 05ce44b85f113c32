#include "lb/io/paced_timer.h"

#include <algorithm>
#include <utility>

namespace lb::io {

PacedTimer::PacedTimer(Loop* loop, absl::AnyInvocable<void()> on_fire)
    : loop_(loop),
      on_fire_(std::move(on_fire)),
      timer_(loop->NewTimer([this] { OnTimer(); })) {}

void PacedTimer::ArmBy(absl::Time deadline, absl::Duration interval) {
  interval_ = interval;
  deadline = std::max(deadline, pace_.Next(interval));
  if (deadline >= armed_for_) return;
  armed_for_ = deadline;
  timer_->Arm(deadline);
}

void PacedTimer::GoOn() {
  goes_on_ = true;
  armed_for_ = loop_->Now();
  timer_->Arm(armed_for_);
}

void PacedTimer::OnTimer() {
  if (!std::exchange(goes_on_, false)) pace_.Note(loop_->Now(), interval_);
  armed_for_ = absl::InfiniteFuture();
  on_fire_();
}

}  // namespace lb::io
