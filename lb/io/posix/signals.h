// Signals: process signals as callbacks on the loop thread.
#ifndef LB_IO_POSIX_SIGNALS_H_
#define LB_IO_POSIX_SIGNALS_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "lb/io/posix/posix_loop.h"

namespace lb::io {

class Signals {
 public:
  // Calls `on_signal` with the number of each of `numbers` that comes, instead
  // of what the kernel does, until it is destroyed. `loop` must outlive it.
  // Unavailable: one cannot be caught.
  static absl::StatusOr<std::unique_ptr<Signals>> Create(
      PosixLoop* loop, const std::vector<int>& numbers,
      absl::AnyInvocable<void(int)> on_signal);
  ~Signals();

 private:
  struct State;

  explicit Signals(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_SIGNALS_H_
