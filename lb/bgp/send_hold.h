// SendHold: notices a peer that takes no bytes (RFC 9687).
//
// A peer whose TCP window is closed still answers TCP, and may still send
// KEEPALIVEs; only that nothing of ours arrives tells it. The time starts again
// whenever the peer's host acknowledges something.
//
// Pure, one thread.
#ifndef LB_BGP_SEND_HOLD_H_
#define LB_BGP_SEND_HOLD_H_

#include <cstddef>

#include "absl/time/time.h"

namespace lb::bgp {

class SendHold {
 public:
  // Zero: nothing is noticed.
  void Start(absl::Duration limit) { limit_ = limit; }

  void OnSent(absl::Time now, size_t bytes) {
    if (waiting_ == 0) since_ = now;
    waiting_ += bytes;
  }

  // `bytes` of what was sent are not acknowledged.
  void OnUnacknowledged(absl::Time now, size_t bytes) {
    if (bytes < waiting_) since_ = now;
    waiting_ = bytes;
  }

  size_t waiting() const { return waiting_; }

  absl::Time deadline() const {
    if (limit_ == absl::ZeroDuration() || waiting_ == 0) {
      return absl::InfiniteFuture();
    }
    return since_ + limit_;
  }

 private:
  absl::Duration limit_ = absl::ZeroDuration();
  size_t waiting_ = 0;
  absl::Time since_ = absl::InfinitePast();  // Of the last progress.
};

}  // namespace lb::bgp

#endif  // LB_BGP_SEND_HOLD_H_
