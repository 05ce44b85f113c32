#include "lb/io/sim/sim_loop.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::io {
namespace {

// The callback lives as long as it runs, even if the timer dies within it.
class SimTimer final : public Timer {
 public:
  SimTimer(SimLoop* loop, absl::AnyInvocable<void()> on_fire)
      : loop_(loop),
        on_fire_(
            std::make_shared<absl::AnyInvocable<void()>>(std::move(on_fire))) {}
  ~SimTimer() override { Disarm(); }

  void Arm(absl::Time deadline) override {
    Disarm();
    if (deadline == absl::InfiniteFuture()) return;
    event_ =
        loop_->ScheduleAt(deadline, [on_fire = on_fire_] { (*on_fire)(); });
  }

  void Disarm() override { loop_->Cancel(event_); }

 private:
  SimLoop* const loop_;
  const std::shared_ptr<absl::AnyInvocable<void()>> on_fire_;
  EventQueue::Id event_;
};

}  // namespace

std::unique_ptr<Timer> SimLoop::NewTimer(absl::AnyInvocable<void()> on_fire) {
  return std::make_unique<SimTimer>(this, std::move(on_fire));
}

void SimLoop::Post(absl::AnyInvocable<void()> task) {
  ScheduleAt(now_, std::move(task));
}

EventQueue::Id SimLoop::ScheduleAt(absl::Time at,
                                   absl::AnyInvocable<void()> task) {
  if (stopped_) return EventQueue::Id();
  return queue_.Push(std::max(at, now_), std::move(task));
}

void SimLoop::RunNext() {
  const absl::Time at = queue_.next_time();
  LB_CHECK(at >= now_);
  events_at_now_ = at == now_ ? events_at_now_ + 1 : 0;
  LB_CHECK(events_at_now_ < kEventsPerInstantMax);
  now_ = at;
  ++events_run_;
  trace_.Mix(static_cast<uint64_t>(absl::ToUnixNanos(at)));
  queue_.Pop()();
  if (after_event_) after_event_();
}

void SimLoop::RunUntil(absl::Time end) {
  while (!queue_.empty() && queue_.next_time() <= end) RunNext();
  now_ = std::max(now_, end);
}

bool SimLoop::RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) {
  const absl::Time end = now_ + limit;
  while (!done()) {
    if (queue_.empty() || queue_.next_time() > end) {
      now_ = end;
      return false;
    }
    RunNext();
  }
  return true;
}

void SimLoop::Stop() {
  stopped_ = true;
  while (!queue_.empty()) queue_.Pop();
}

}  // namespace lb::io
