// Awareness: how well this node itself seems to be (Lifeguard's health score).
//
// 0 is well. A node that misses answers others would have got grows slower in
// its judgement: its probes wait score + 1 times as long.
#ifndef LB_GOSSIP_AWARENESS_H_
#define LB_GOSSIP_AWARENESS_H_

#include "absl/time/time.h"

namespace lb::gossip {

class Awareness {
 public:
  // Scores are 0 .. `max_multiplier` - 1. REQUIRES: max_multiplier >= 1.
  explicit Awareness(int max_multiplier) : score_max_(max_multiplier - 1) {}

  // Worse if `delta` is above zero; stays inside the bounds.
  void Apply(int delta);

  int score() const { return score_; }
  absl::Duration Scale(absl::Duration timeout) const {
    return timeout * (score_ + 1);
  }

 private:
  int score_max_;
  int score_ = 0;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_AWARENESS_H_
