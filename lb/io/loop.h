// Loop and Timer: one thread that runs everything, and the clock it goes by.
//
// All state of a node lives on its loop's thread; nothing there blocks, sleeps
// or locks. Two implementations: lb/io/posix (a real thread) and lb/io/sim
// (virtual time, hundreds of nodes on one loop).
#ifndef LB_IO_LOOP_H_
#define LB_IO_LOOP_H_

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace lb::io {

// One deadline of its owner. Fires at most once per Arm(), on the loop thread,
// never from within Arm() itself. Destroying it disarms it, also from within
// its own callback.
class Timer {
 public:
  virtual ~Timer() = default;

  // Sets or moves the deadline. A time that has passed fires on the next turn
  // of the loop; absl::InfiniteFuture() is the same as Disarm().
  virtual void Arm(absl::Time deadline) = 0;

  virtual void Disarm() = 0;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // The loop's own time: steady, never back; its epoch means nothing.
  virtual absl::Time Now() const = 0;

  // Civil time: it may jump. For people (events, logs) and for stamps that
  // nodes compare; never for a timeout.
  virtual absl::Time CivilNow() const = 0;

  // A disarmed timer. It must not outlive the loop.
  virtual std::unique_ptr<Timer> NewTimer(
      absl::AnyInvocable<void()> on_fire) = 0;

  // Runs `task` on the loop thread, later, in the order of the calls. The only
  // call that is safe from other threads.
  virtual void Post(absl::AnyInvocable<void()> task) = 0;

  // For TurnCause. Returns the cause before; a loop that does not measure its
  // turns has none.
  virtual std::string_view SetTurnCause(std::string_view) { return {}; }
};

}  // namespace lb::io

#endif  // LB_IO_LOOP_H_
