// The formulas that scale with the size of the cluster. They are protocol:
// peers reckon with the same values.
#ifndef LB_GOSSIP_DISSEMINATION_H_
#define LB_GOSSIP_DISSEMINATION_H_

#include <cstddef>

#include "absl/time/time.h"

namespace lb::gossip {

// How often one broadcast is sent: mult * ceil(log10(nodes + 1)).
int RetransmitLimit(int mult, size_t nodes);

// By how much the push/pull interval grows: 1 up to 32 nodes, then
// ceil(log2(nodes) - 5) + 1.
int PushPullScale(size_t nodes);

// The shortest suspicion: mult * max(1, log10(nodes)) * probe_interval, the
// logarithm cut to thousandths.
absl::Duration SuspicionTimeout(int mult, size_t nodes,
                                absl::Duration probe_interval);

// How many other accusers bring a suspicion down to its shortest time: mult -
// 2, or 0 if there are not that many.
int SuspicionConfirmations(int mult, size_t nodes);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_DISSEMINATION_H_
