// PosixLoop: a Loop on a real thread, the one that calls Run().
//
// Asio's io_context behind it; the classes of lb/io/posix put their descriptors
// on it. Everything but Post() and Stop() belongs to the thread that runs it.
// Every turn is measured, by the clock and by the thread's processor time:
//
//   loop.turns().longest()->cause  // "takes datagrams"
#ifndef LB_IO_POSIX_POSIX_LOOP_H_
#define LB_IO_POSIX_POSIX_LOOP_H_

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/turn_meter.h"

namespace asio {
class io_context;
}  // namespace asio

namespace lb::io {

struct PosixLoopOptions {
  // How long Run() asks again and again for something to do, after there was
  // something, before it sleeps. To wake a sleeping thread takes tens of
  // microseconds; while it spins the loop takes the whole of one processor.
  // InfiniteDuration: it never sleeps. Zero: it sleeps at once.
  absl::Duration busy_poll;
};

// What cannot wait for all that is ready already, as frames do: a client that
// asks has no answer meanwhile.
class FirstLook {
 public:
  virtual ~FirstLook() = default;
  // Takes what has come, if anything. Loop thread, as a turn of its own.
  virtual void Look() = 0;
};

class PosixLoop final : public Loop {
 public:
  // How long handlers may run in a row before FirstLooks are called.
  static constexpr absl::Duration kLookInterval = absl::Milliseconds(1);

  explicit PosixLoop(const PosixLoopOptions& options = {});
  ~PosixLoop() override;
  PosixLoop(const PosixLoop&) = delete;
  PosixLoop& operator=(const PosixLoop&) = delete;

  // CLOCK_MONOTONIC, which timers go by too.
  absl::Time Now() const override;
  absl::Time CivilNow() const override;
  std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()> on_fire) override;
  void Post(absl::AnyInvocable<void()> task) override;
  std::string_view SetTurnCause(std::string_view cause) override;

  // Runs until Stop(), which may come before; once.
  void Run();
  // Lets Run() return soon. From any thread.
  void Stop();

  // Runs until `done` holds, asked before the first and after each event; false
  // if it does not within `limit`, or until Stop(). For tests and short-lived
  // tools, which may call it again and again.
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit);

  const TurnMeter& turns() const;

  // Calls it between handlers, for as long as it lives. Loop thread only.
  void LookFirst(std::weak_ptr<FirstLook> look);

  // For classes of lb/io/posix: what they wait for with this begins each of its
  // handlers with a MeasuredTurn.
  asio::io_context& context();

  // A turn of the loop, from here to the end of the scope.
  class MeasuredTurn {
   public:
    // As TurnMeter::Begin() has it.
    MeasuredTurn(PosixLoop* loop, std::string_view cause);
    ~MeasuredTurn();
    MeasuredTurn(const MeasuredTurn&) = delete;
    MeasuredTurn& operator=(const MeasuredTurn&) = delete;

   private:
    PosixLoop* const loop_;
    absl::Time began_;
  };

 private:
  struct Core;

  void CallFirstLooks(absl::Time now);
  // The next turn is not charged with what was used before.
  void NoteProcessorTime(absl::Time now);

  const PosixLoopOptions options_;
  const std::unique_ptr<Core> core_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_POSIX_LOOP_H_
