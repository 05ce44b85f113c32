#include "lb/io/sim/sim_process.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::io {
namespace {

// What a firing that waits (for its time, or for a paused process) needs; the
// timer may be gone by then.
struct TimerState {
  absl::AnyInvocable<void()> on_fire;
  uint64_t arming = 0;  // Counts Arm() and Disarm(): is this firing current?
};

class ProcessTimer final : public Timer {
 public:
  ProcessTimer(SimLoop* loop, SimProcess* process,
               absl::AnyInvocable<void()> on_fire)
      : loop_(loop),
        process_(process),
        run_(process->run()),
        state_(std::make_shared<TimerState>()) {
    state_->on_fire = std::move(on_fire);
  }
  ~ProcessTimer() override { Disarm(); }

  void Arm(absl::Time deadline) override {
    Disarm();
    if (deadline == absl::InfiniteFuture()) return;
    event_ = loop_->ScheduleAt(process_->ToWorld(deadline),
                               [process = process_, run = run_, state = state_,
                                arming = state_->arming] {
                                 process->Deliver(run, [state, arming] {
                                   if (state->arming == arming)
                                     state->on_fire();
                                 });
                               });
  }

  void Disarm() override {
    loop_->Cancel(event_);
    ++state_->arming;
  }

 private:
  SimLoop* const loop_;
  SimProcess* const process_;
  const int run_;
  const std::shared_ptr<TimerState> state_;
  EventQueue::Id event_;
};

}  // namespace

std::unique_ptr<Timer> SimProcess::NewTimer(
    absl::AnyInvocable<void()> on_fire) {
  return std::make_unique<ProcessTimer>(loop_, this, std::move(on_fire));
}

void SimProcess::SetClockDrift(int parts_per_million) {
  local_base_ = Now();
  world_base_ = loop_->Now();
  clock_rate_ = 1 + parts_per_million * 1e-6;
}

absl::Time SimProcess::ToWorld(absl::Time local) const {
  if (clock_rate_ == 1) return world_base_ + (local - local_base_);
  // Not before it: a timer never fires early.
  return world_base_ + (local - local_base_) / clock_rate_ +
         absl::Nanoseconds(1);
}

void SimProcess::Post(absl::AnyInvocable<void()> task) {
  ScheduleAt(Now(), std::move(task));
}

void SimProcess::ScheduleAt(absl::Time at, absl::AnyInvocable<void()> task) {
  loop_->ScheduleAt(ToWorld(at),
                    [this, run = run_, task = std::move(task)]() mutable {
                      Deliver(run, std::move(task));
                    });
}

void SimProcess::Kill() {
  running_ = false;
  paused_ = false;
  // Destroying a task may destroy its owner's objects, which may call back.
  const auto dropped = std::exchange(backlog_, {});
}

void SimProcess::Start() {
  LB_CHECK(!running_);
  running_ = true;
  ++run_;
}

void SimProcess::Resume() {
  paused_ = false;
  for (auto& task : std::exchange(backlog_, {})) Post(std::move(task));
}

void SimProcess::Deliver(int run, absl::AnyInvocable<void()> task) {
  if (!running_ || run != run_) return;
  if (paused_) {
    backlog_.push_back(std::move(task));
    return;
  }
  task();
}

}  // namespace lb::io
