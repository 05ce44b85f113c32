// ChargingLoop: a loop that charges processor time to the causes that its users
// name, for benchmarks.
//
// Loop thread only.
#ifndef LB_DAEMON_TESTING_CHARGING_LOOP_H_
#define LB_DAEMON_TESTING_CHARGING_LOOP_H_

#include <time.h>

#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/base/check.h"
#include "lb/io/loop.h"

namespace lb {

// This thread's; what other processes take does not count.
inline absl::Duration ProcessorTime() {
  timespec time = {};
  LB_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return absl::DurationFromTimespec(time);
}

// Processor time by cause.
using Causes = std::map<std::string_view, absl::Duration>;

class ChargingLoop final : public io::Loop {
 public:
  explicit ChargingLoop(io::Loop* loop) : loop_(loop) {}
  absl::Time Now() const override { return loop_->Now(); }
  absl::Time CivilNow() const override { return loop_->CivilNow(); }
  std::unique_ptr<io::Timer> NewTimer(
      absl::AnyInvocable<void()> on_fire) override {
    return loop_->NewTimer(std::move(on_fire));
  }
  void Post(absl::AnyInvocable<void()> task) override {
    loop_->Post(std::move(task));
  }
  std::string_view SetTurnCause(std::string_view cause) override {
    Charge();
    return std::exchange(cause_, cause);
  }

  // Since the last call.
  Causes TakeCauses() {
    Charge();
    return std::exchange(causes_, {});
  }

 private:
  void Charge() {
    const absl::Duration now = ProcessorTime();
    causes_[cause_] += now - std::exchange(since_, now);
  }

  io::Loop* const loop_;
  std::string_view cause_ = "other";
  absl::Duration since_ = ProcessorTime();
  Causes causes_;
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_CHARGING_LOOP_H_
