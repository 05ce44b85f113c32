// SendPace: when a session looks again whether there is room for more routes.
//
// A stream does not say when its peer has taken bytes, so the session asks: at
// first every millisecond, less and less often while nothing moves.
//
// Pure, one thread.
#ifndef LB_BGP_SEND_PACE_H_
#define LB_BGP_SEND_PACE_H_

#include <algorithm>

#include "absl/time/time.h"

namespace lb::bgp {

class SendPace {
 public:
  static constexpr absl::Duration kShortest = absl::Milliseconds(1);
  static constexpr absl::Duration kLongest = absl::Milliseconds(100);

  // Nothing waits for room.
  void Rest() { at_ = absl::InfiniteFuture(); }

  // Something waits for room, though some was found just now.
  void OnProgress(absl::Time now) {
    wait_ = kShortest;
    at_ = now + wait_;
  }

  // Something waits, and there is no room. A look before its time changes
  // nothing.
  void OnStuck(absl::Time now) {
    if (at_ != absl::InfiniteFuture() && now < at_) return;
    wait_ = std::min(2 * wait_, kLongest);
    at_ = now + wait_;
  }

  absl::Time deadline() const { return at_; }

 private:
  absl::Duration wait_ = kShortest;
  absl::Time at_ = absl::InfiniteFuture();
};

}  // namespace lb::bgp

#endif  // LB_BGP_SEND_PACE_H_
