#include "lb/gossip/awareness.h"

#include <algorithm>

namespace lb::gossip {

void Awareness::Apply(int delta) {
  score_ = std::clamp(score_ + std::clamp(delta, -score_max_, score_max_), 0,
                      score_max_);
}

}  // namespace lb::gossip
