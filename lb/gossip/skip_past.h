// SkipPast: the next tick of a clock that keeps its phase.
#ifndef LB_GOSSIP_SKIP_PAST_H_
#define LB_GOSSIP_SKIP_PAST_H_

#include "absl/time/time.h"

namespace lb::gossip {

// Moves `due` past `now` in whole steps of `interval`: ticks that a node slept
// through are not made up for, and nodes do not come to tick together.
inline void SkipPast(absl::Time now, absl::Duration interval, absl::Time& due) {
  if (due > now) return;
  due += interval * ((now - due) / interval + 1);
}

}  // namespace lb::gossip

#endif  // LB_GOSSIP_SKIP_PAST_H_
