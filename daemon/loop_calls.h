// LoopCalls: calls of one listener that wait for the loop.
//
// gRPC's threads hand them in. The loop answers one in each of its turns, so
// that callers, however many, delay frames and gossip by one answer at a time.
// Each listener has calls of its own, so that callers over TCP that may only
// read cannot keep out a caller of the unix socket.
//
// gRPC keeps an answer until the caller has read it, which may never happen:
// the bytes that it keeps for the callers of a listener are counted, too.
//
//   LoopCalls calls(loop);
//   const absl::Status posted = calls.Post([=] { reactor->Finish(...); });
#ifndef LB_DAEMON_LOOP_CALLS_H_
#define LB_DAEMON_LOOP_CALLS_H_

#include <atomic>
#include <cstddef>
#include <deque>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "lb/io/loop.h"

namespace lb {

class LoopCalls {
 public:
  // Calls that may wait at a time; further ones are refused.
  static constexpr size_t kWaitingMax = 256;
  // If so many bytes of answers (as sent) are unread, further questions are
  // refused. In memory they are about ten times as large.
  static constexpr size_t kUnreadBytesMax = 4 << 20;

  // The loop outlives this object, and runs none of its calls after its end.
  explicit LoopCalls(io::Loop* loop) : loop_(loop) {}

  // Runs `call` on the loop's thread, after the calls that wait already. Any
  // thread. ResourceExhausted: too many wait; `call` is destroyed.
  absl::Status Post(absl::AnyInvocable<void()> call);

  // ResourceExhausted: callers have not read earlier answers. Any thread.
  absl::Status CheckUnread() const;
  void AddUnread(size_t bytes) { unread_bytes_ += bytes; }
  void SubtractUnread(size_t bytes) { unread_bytes_ -= bytes; }

  io::Loop* loop() const { return loop_; }

 private:
  void Add(absl::AnyInvocable<void()> call);
  void RunOne();

  io::Loop* const loop_;
  std::atomic<size_t> waiting_ = 0;
  std::atomic<size_t> unread_bytes_ = 0;
  std::deque<absl::AnyInvocable<void()>> queue_;  // Loop thread only.
};

}  // namespace lb

#endif  // LB_DAEMON_LOOP_CALLS_H_
