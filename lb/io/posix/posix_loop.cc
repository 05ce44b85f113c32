#include "lb/io/posix/posix_loop.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "asio/executor_work_guard.hpp"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "asio/steady_timer.hpp"

namespace lb::io {
namespace {

using Clock = std::chrono::steady_clock;

// Deadlines before the clock's start are as past as can be; those beyond its
// end (in 292 years) never come.
Clock::time_point ToSteady(absl::Time time) {
  const absl::Duration since = time - absl::UnixEpoch();
  if (since <= absl::ZeroDuration()) return Clock::time_point();
  return Clock::time_point(absl::ToChronoNanoseconds(since));
}

// A firing on its way through the io_context may outlive its timer.
struct TimerState {
  absl::AnyInvocable<void()> on_fire;
  uint64_t arming = 0;  // Counts Arm() and Disarm(): is this firing current?
  absl::Time deadline = absl::InfiniteFuture();  // InfiniteFuture: disarmed.
};

class PosixTimer final : public Timer {
 public:
  PosixTimer(PosixLoop* loop, absl::AnyInvocable<void()> on_fire)
      : loop_(loop),
        timer_(loop->context()),
        state_(std::make_shared<TimerState>()) {
    state_->on_fire = std::move(on_fire);
  }
  ~PosixTimer() override { Disarm(); }

  // Shells arm after every input, mostly with the deadline that they had: that
  // must not cost a system call.
  void Arm(absl::Time deadline) override {
    if (deadline == state_->deadline) return;
    Disarm();
    if (deadline == absl::InfiniteFuture()) return;
    state_->deadline = deadline;
    timer_.expires_at(ToSteady(deadline));
    timer_.async_wait([loop = loop_, state = state_,
                       arming = state_->arming](const asio::error_code&) {
      if (state->arming != arming) return;
      const PosixLoop::MeasuredTurn turn(loop, "runs a timer");
      state->deadline = absl::InfiniteFuture();
      state->on_fire();
    });
  }

  void Disarm() override {
    if (state_->deadline == absl::InfiniteFuture()) return;
    state_->deadline = absl::InfiniteFuture();
    ++state_->arming;
    timer_.cancel();
  }

 private:
  PosixLoop* const loop_;
  asio::steady_timer timer_;
  const std::shared_ptr<TimerState> state_;
};

// To read the thread's processor time is a system call, of half a microsecond:
// ten times what a turn costs to measure without it. So it is read only when
// this time has passed since it was read last, and what was used in between
// counts as used by the turn that has just ended, up to the turn's length.
constexpr absl::Duration kProcessorPrecision = absl::Milliseconds(1);

// The processor time of the thread that calls.
class ProcessorTime {
 public:
  // What was used since this was called last, if that is kProcessorPrecision
  // ago; else no more than `most`, which is returned.
  absl::Duration Used(absl::Time now, absl::Duration most) {
    if (now - read_at_ < kProcessorPrecision) return most;
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    read_at_ = now;
    const absl::Duration read = absl::DurationFromTimespec(time);
    const absl::Duration used = read - std::exchange(read_, read);
    // Negative: another thread runs the loop than before.
    return std::min(most, std::max(used, absl::ZeroDuration()));
  }

 private:
  absl::Time read_at_ = absl::InfinitePast();
  absl::Duration read_;
};

}  // namespace

struct PosixLoop::Core {
  asio::io_context context{/*concurrency_hint=*/2};
  // Without work a context would stop for good.
  asio::executor_work_guard<asio::io_context::executor_type> work =
      asio::make_work_guard(context);
  TurnMeter turns;
  ProcessorTime processor;
  std::vector<std::weak_ptr<FirstLook>> first_looks;
  absl::Time looked_at = absl::InfinitePast();
};

PosixLoop::MeasuredTurn::MeasuredTurn(PosixLoop* loop, std::string_view cause)
    : loop_(loop), began_(loop->Now()) {
  if (began_ - loop_->core_->looked_at >= kLookInterval) {
    loop_->CallFirstLooks(began_);
    began_ = loop_->Now();
  }
  loop_->core_->turns.Begin(began_, cause);
}

PosixLoop::MeasuredTurn::~MeasuredTurn() {
  const absl::Time now = loop_->Now();
  Core& core = *loop_->core_;
  core.turns.End(now, core.processor.Used(now, now - began_));
}

PosixLoop::PosixLoop(const PosixLoopOptions& options)
    : options_(options), core_(std::make_unique<Core>()) {}

PosixLoop::~PosixLoop() = default;

asio::io_context& PosixLoop::context() { return core_->context; }

const TurnMeter& PosixLoop::turns() const { return core_->turns; }

void PosixLoop::LookFirst(std::weak_ptr<FirstLook> look) {
  core_->first_looks.push_back(std::move(look));
}

void PosixLoop::CallFirstLooks(absl::Time now) {
  std::vector<std::weak_ptr<FirstLook>>& looks = core_->first_looks;
  core_->looked_at = now;
  std::erase_if(looks, [](const auto& look) { return look.expired(); });
  // One that is called may add others.
  for (size_t i = 0; i < looks.size(); ++i) {
    if (const auto look = looks[i].lock()) look->Look();
  }
}

std::string_view PosixLoop::SetTurnCause(std::string_view cause) {
  return core_->turns.SetCause(Now(), cause);
}

absl::Time PosixLoop::Now() const {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(
             Clock::now().time_since_epoch()));
}

absl::Time PosixLoop::CivilNow() const { return absl::Now(); }

std::unique_ptr<Timer> PosixLoop::NewTimer(absl::AnyInvocable<void()> on_fire) {
  return std::make_unique<PosixTimer>(this, std::move(on_fire));
}

void PosixLoop::Post(absl::AnyInvocable<void()> task) {
  asio::post(core_->context, [this, task = std::move(task)]() mutable {
    const MeasuredTurn turn(this, "runs a posted task");
    task();
  });
}

void PosixLoop::NoteProcessorTime(absl::Time now) {
  core_->processor.Used(now, absl::ZeroDuration());
}

void PosixLoop::Run() {
  asio::io_context& context = core_->context;
  NoteProcessorTime(Now());
  if (options_.busy_poll <= absl::ZeroDuration()) {
    context.run();
    return;
  }
  absl::Time sleep_at = Now() + options_.busy_poll;
  while (!context.stopped()) {
    if (context.poll() == 0) {
      const absl::Time now = Now();
      NoteProcessorTime(now);  // What it spins is no turn's.
      if (now < sleep_at) continue;
      context.run_one();
    }
    sleep_at = Now() + options_.busy_poll;
  }
}

void PosixLoop::Stop() { core_->context.stop(); }

bool PosixLoop::RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) {
  const absl::Time now = Now();
  NoteProcessorTime(now);
  const Clock::time_point end = ToSteady(now + limit);
  while (!done()) {
    if (core_->context.run_one_until(end) == 0) return done();
  }
  return true;
}

}  // namespace lb::io
