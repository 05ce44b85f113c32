// PosixLoop: a Loop on a real thread, the one that calls Run().
//
// Asio's io_context behind it; the classes of lb/io/posix put their descriptors
// on it. Everything but Post() and Stop() belongs to the thread that runs it.
#ifndef LB_IO_POSIX_POSIX_LOOP_H_
#define LB_IO_POSIX_POSIX_LOOP_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"

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

class PosixLoop final : public Loop {
 public:
  explicit PosixLoop(const PosixLoopOptions& options = {});
  ~PosixLoop() override;
  PosixLoop(const PosixLoop&) = delete;
  PosixLoop& operator=(const PosixLoop&) = delete;

  // CLOCK_MONOTONIC, which timers go by too.
  absl::Time Now() const override;
  absl::Time CivilNow() const override;
  std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()> on_fire) override;
  void Post(absl::AnyInvocable<void()> task) override;

  // Runs until Stop(), which may come before; once.
  void Run();
  // Lets Run() return soon. From any thread.
  void Stop();

  // Runs until `done` holds, asked before the first and after each event; false
  // if it does not within `limit`, or until Stop(). For tests and short-lived
  // tools, which may call it again and again.
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit);

  asio::io_context& context();

 private:
  struct Core;

  const PosixLoopOptions options_;
  const std::unique_ptr<Core> core_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_POSIX_LOOP_H_
