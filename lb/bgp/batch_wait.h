// BatchWait: how long a message that is not full waits for more routes.
//
// Between Begin() and End() the caller is about to change more routes. A
// message that is full goes at once. Another one waits: kWait after the last
// message went, or after it began to wait, and kWaitMax in all. Outside a batch
// nothing waits.
//
//   Packer packer(&rib);
//   BatchWait wait;
//   wait.Begin();
//   const Packer::Packed packed = packer.Take(64 << 10, wait.Which(now));
//   wait.OnPacked(now, packed);
//   wait.deadline();  // When to take again though nothing changed.
//
// Pure, one thread.
#ifndef LB_BGP_BATCH_WAIT_H_
#define LB_BGP_BATCH_WAIT_H_

#include <algorithm>

#include "absl/time/time.h"
#include "lb/bgp/packer.h"

namespace lb::bgp {

class BatchWait {
 public:
  // Some times as long as a daemon takes to assign a thousand addresses, write
  // them and look at what follows, so that the next portion is not too late.
  static constexpr absl::Duration kWait = absl::Milliseconds(250);
  static constexpr absl::Duration kWaitMax = absl::Seconds(2);

  void Begin() { in_batch_ = true; }
  void End() {
    in_batch_ = false;
    Rest();
  }
  // Nothing waits.
  void Rest() { since_ = deadline_ = absl::InfiniteFuture(); }

  Messages Which(absl::Time now) const {
    return in_batch_ && now < deadline_ ? Messages::kFull : Messages::kAll;
  }

  void OnPacked(absl::Time now, const Packer::Packed& packed) {
    if (!packed.waits) return Rest();
    const bool is_new = since_ == absl::InfiniteFuture();
    if (is_new) since_ = now;
    if (is_new || !packed.bytes.empty()) {
      deadline_ = std::min(now + kWait, since_ + kWaitMax);
    }
  }

  absl::Time deadline() const { return deadline_; }

 private:
  bool in_batch_ = false;
  absl::Time since_ = absl::InfiniteFuture();  // Something waits.
  absl::Time deadline_ = absl::InfiniteFuture();
};

}  // namespace lb::bgp

#endif  // LB_BGP_BATCH_WAIT_H_
