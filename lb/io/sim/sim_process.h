// SimProcess: the loop as one simulated node sees it.
//
// A view of the one SimLoop that can be stopped: when the process is killed its
// timers never fire again and its posted tasks are dropped, also after a
// restart; while it is paused (SIGSTOP) all that is due for it waits, in order.
// What was made by a killed run may be used and destroyed at any time; it just
// stays silent.
#ifndef LB_IO_SIM_SIM_PROCESS_H_
#define LB_IO_SIM_SIM_PROCESS_H_

#include <deque>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_loop.h"

namespace lb::io {

class SimProcess final : public Loop {
 public:
  // A running process. `loop` must outlive it.
  explicit SimProcess(SimLoop* loop) : loop_(loop) {}
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  absl::Time Now() const override { return ToLocal(loop_->Now()); }
  absl::Time CivilNow() const override {
    return loop_->CivilNow() + civil_error_;
  }
  std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()> on_fire) override;
  void Post(absl::AnyInvocable<void()> task) override;
  // Runs `task` at `at` by this clock, or now if that has passed.
  void ScheduleAt(absl::Time at, absl::AnyInvocable<void()> task);
  // When the world's clock will have it that this one is at `local`.
  absl::Time ToWorld(absl::Time local) const;

  // How far this host's civil clock is off.
  void SetCivilError(absl::Duration error) { civil_error_ = error; }

  // Lets this host's clock, and its timers, run so many parts per million too
  // fast from now on; negative: too slow. Now() does not jump.
  void SetClockDrift(int parts_per_million);

  bool running() const { return running_; }
  bool paused() const { return paused_; }
  // Grows with each Start(): tells the runs apart.
  int run() const { return run_; }

  void Kill();
  void Start();  // REQUIRES: !running()
  void Pause() { paused_ = true; }
  void Resume();

  // Runs `task` as part of run number `run`: at once, or when the process is
  // resumed, or never if that run is over. Called from events of the SimLoop.
  void Deliver(int run, absl::AnyInvocable<void()> task);

 private:
  absl::Time ToLocal(absl::Time world) const {
    const absl::Duration since = world - world_base_;
    // Without a drift it is exact.
    return local_base_ + (clock_rate_ == 1 ? since : since * clock_rate_);
  }

  SimLoop* const loop_;
  bool running_ = true;
  bool paused_ = false;
  int run_ = 1;
  absl::Duration civil_error_;
  // The own clock was at local_base_ when the world's was at world_base_.
  double clock_rate_ = 1;
  absl::Time local_base_ = absl::UnixEpoch();
  absl::Time world_base_ = absl::UnixEpoch();
  std::deque<absl::AnyInvocable<void()>> backlog_;  // While paused.
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_PROCESS_H_
