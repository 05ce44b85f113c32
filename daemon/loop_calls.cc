#include "daemon/loop_calls.h"

#include <fmt/format.h>

#include <utility>

namespace lb {

absl::Status LoopCalls::Post(absl::AnyInvocable<void()> call) {
  if (waiting_.fetch_add(1) >= kWaitingMax) {
    waiting_.fetch_sub(1);
    return absl::ResourceExhaustedError(fmt::format(
        "{} calls wait already, want fewer at one time", kWaitingMax));
  }
  loop_->Post(
      [this, call = std::move(call)]() mutable { Add(std::move(call)); });
  return absl::OkStatus();
}

absl::Status LoopCalls::CheckUnread() const {
  if (unread_bytes_ < kUnreadBytesMax) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "{} bytes of answers are unread, want fewer", unread_bytes_.load()));
}

void LoopCalls::Add(absl::AnyInvocable<void()> call) {
  queue_.push_back(std::move(call));
  if (queue_.size() == 1) loop_->Post([this] { RunOne(); });
}

void LoopCalls::RunOne() {
  queue_.front()();
  queue_.pop_front();
  waiting_.fetch_sub(1);
  if (!queue_.empty()) loop_->Post([this] { RunOne(); });
}

}  // namespace lb
