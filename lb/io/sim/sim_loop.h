// SimLoop: a Loop in virtual time.
//
// Events are ordered by (time, order of scheduling); time jumps from one to the
// next and stands still while one runs. So a run depends on nothing but its
// inputs, and an hour costs what its events cost. One thread; Post() too is for
// that thread only, as there is no other in a simulation.
//
//   SimLoop loop;
//   auto timer = loop.NewTimer([] { ... });
//   timer->Arm(loop.Now() + absl::Seconds(3));
//   loop.RunFor(absl::Seconds(5));
#ifndef LB_IO_SIM_SIM_LOOP_H_
#define LB_IO_SIM_SIM_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/sim/event_queue.h"
#include "lb/io/sim/trace_hash.h"

namespace lb::io {

class SimLoop final : public Loop {
 public:
  SimLoop() = default;
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;
  ~SimLoop() override { Stop(); }

  // Starts at absl::UnixEpoch() + 1000 s.
  absl::Time Now() const override { return now_; }
  // Now() plus the civil offset: 2024-01-01 00:00 UTC at the start.
  absl::Time CivilNow() const override { return now_ + civil_offset_; }
  std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()> on_fire) override;
  void Post(absl::AnyInvocable<void()> task) override;

  // Lets the civil clock jump to `civil_now`.
  void SetCivilNow(absl::Time civil_now) { civil_offset_ = civil_now - now_; }

  // Runs everything that is due until `end` (that instant included), then
  // stands at `end`.
  void RunUntil(absl::Time end);
  void RunFor(absl::Duration duration) { RunUntil(now_ + duration); }

  // Runs until `done` holds, asked before the first and after each event; false
  // if it does not within `limit` (the loop then stands at the limit).
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit);

  // Called after each event; where simulations check their invariants.
  void SetAfterEvent(absl::AnyInvocable<void()> after_event) {
    after_event_ = std::move(after_event);
  }

  // Runs `task` at `at`, or now if that has passed.
  EventQueue::Id ScheduleAt(absl::Time at, absl::AnyInvocable<void()> task);
  void Cancel(EventQueue::Id id) { queue_.Cancel(id); }

  // Drops all that is scheduled and whatever will be.
  void Stop();

  size_t pending() const { return queue_.size(); }
  uint64_t events_run() const { return events_run_; }
  TraceHash& trace() { return trace_; }

 private:
  // More events than this at one instant are a loop that never ends.
  static constexpr uint64_t kEventsPerInstantMax = 50'000'000;

  void RunNext();

  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  absl::Duration civil_offset_ = absl::Seconds(1704067200 - 1000);
  bool stopped_ = false;
  uint64_t events_run_ = 0;
  uint64_t events_at_now_ = 0;
  TraceHash trace_;  // When each event ran, and what was delivered.
  EventQueue queue_;
  absl::AnyInvocable<void()> after_event_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_LOOP_H_
