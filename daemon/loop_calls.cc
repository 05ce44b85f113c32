#include "daemon/loop_calls.h"

#include <fmt/format.h>

#include <utility>

namespace lb {

absl::Status LoopCalls::Post(absl::AnyInvocable<void()> call) {
  absl::MutexLock lock(&mutex_);
  if (waiting_.size() >= kWaitingMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} calls wait already, want fewer at one time", kWaitingMax));
  }
  waiting_.push_back(std::move(call));
  if (waiting_.size() == 1) loop_->Post([this] { RunOne(); });
  return absl::OkStatus();
}

// The call stays in the queue while it runs: what it leaves for the next turn
// is then only posted once.
void LoopCalls::RunOne() {
  absl::AnyInvocable<void()> call;
  {
    absl::MutexLock lock(&mutex_);
    call = std::exchange(waiting_.front(), nullptr);
  }
  call();
  absl::MutexLock lock(&mutex_);
  waiting_.pop_front();
  if (!waiting_.empty()) loop_->Post([this] { RunOne(); });
}

}  // namespace lb
