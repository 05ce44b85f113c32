// BackOff: when to try again what has failed. Doubles from 1 s to 30 s.
//
// Pure bookkeeping.
#ifndef LB_BFD_BACK_OFF_H_
#define LB_BFD_BACK_OFF_H_

#include <algorithm>

#include "absl/time/time.h"

namespace lb::bfd {

class BackOff {
 public:
  static constexpr absl::Duration kFirst = absl::Seconds(1);
  static constexpr absl::Duration kMost = absl::Seconds(30);

  void OnFailure(absl::Time now) {
    retry_at_ = now + wait_;
    wait_ = std::min(2 * wait_, kMost);
  }
  void OnSuccess() { *this = BackOff(); }

  bool IsDue(absl::Time now) const { return retry_at_ <= now; }
  // InfiniteFuture: nothing has failed.
  absl::Time retry_at() const { return retry_at_; }

 private:
  absl::Duration wait_ = kFirst;
  absl::Time retry_at_ = absl::InfiniteFuture();
};

}  // namespace lb::bfd

#endif  // LB_BFD_BACK_OFF_H_
