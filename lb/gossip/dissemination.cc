#include "lb/gossip/dissemination.h"

#include <algorithm>
#include <cmath>

namespace lb::gossip {

int RetransmitLimit(int mult, size_t nodes) {
  // The digits of `nodes`: ceil(log10(nodes + 1)) without rounding errors.
  int digits = 0;
  for (size_t rest = nodes; rest > 0; rest /= 10) ++digits;
  return mult * digits;
}

int PushPullScale(size_t nodes) {
  int scale = 1;
  // One more for each doubling of 32 that is passed.
  for (size_t bound = 32; nodes > bound; bound *= 2) ++scale;
  return scale;
}

absl::Duration SuspicionTimeout(int mult, size_t nodes,
                                absl::Duration probe_interval) {
  const double log = std::max(
      1.0, std::log10(static_cast<double>(std::max<size_t>(1, nodes))));
  const auto thousandths = static_cast<int64_t>(log * 1000);
  return probe_interval * mult * thousandths / 1000;
}

int SuspicionConfirmations(int mult, size_t nodes) {
  const int wanted = mult - 2;
  if (wanted < 1 || nodes < static_cast<size_t>(wanted) + 2) return 0;
  return wanted;
}

}  // namespace lb::gossip
