// BackgroundTask: work that would keep the loop busy for too long, one piece at
// a time, on a thread of its own.
//
//   BackgroundTask task(loop);
//   if (!task.busy()) task.Start([] { ... }, [] { ... });
#ifndef LB_IO_POSIX_BACKGROUND_TASK_H_
#define LB_IO_POSIX_BACKGROUND_TASK_H_

#include <memory>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "lb/io/posix/posix_loop.h"

namespace lb::io {

// Loop thread only.
class BackgroundTask {
 public:
  // `loop` must outlive it.
  explicit BackgroundTask(PosixLoop* loop) : loop_(loop) {}
  // Waits for the work; `done` comes no more.
  ~BackgroundTask();
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  // Runs `work` on another thread, destroys it there, and then runs `done` on
  // the loop. REQUIRES: !busy()
  void Start(absl::AnyInvocable<void()> work, absl::AnyInvocable<void()> done);
  // From Start() to `done`, in which the next one may be started.
  bool busy() const { return busy_; }

 private:
  PosixLoop* const loop_;
  bool busy_ = false;
  // Told to answers on their way to the loop.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::thread thread_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_BACKGROUND_TASK_H_
