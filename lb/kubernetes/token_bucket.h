// TokenBucket: at most so many at once, and so many a second in the long run.
//
// A core: it takes `now`. One thread.
//
//   TokenBucket bucket(/*burst=*/10, /*interval=*/absl::Seconds(1));
//   if (bucket.Take(now)) Send(bytes);
#ifndef LB_KUBERNETES_TOKEN_BUCKET_H_
#define LB_KUBERNETES_TOKEN_BUCKET_H_

#include <algorithm>

#include "absl/time/time.h"

namespace lb::kubernetes {

class TokenBucket {
 public:
  // Full at first; one more token in each `interval`. REQUIRES: burst >= 1,
  // interval > 0.
  TokenBucket(int burst, absl::Duration interval)
      : burst_(burst), interval_(interval) {}

  // False: there is no token at `now`.
  bool Take(absl::Time now) {
    if (NextAt(now) > now) return false;
    full_at_ = std::max(full_at_, now) + interval_;
    return true;
  }

  // When there is a token; `now` if there is one.
  absl::Time NextAt(absl::Time now) const {
    return std::max(now, full_at_ - interval_ * (burst_ - 1));
  }

  bool IsFull(absl::Time now) const { return full_at_ <= now; }

 private:
  int burst_;
  absl::Duration interval_;
  // When no token is missing any more.
  absl::Time full_at_ = absl::InfinitePast();
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TOKEN_BUCKET_H_
