// BgpBounds: the times within which routers must know what nodes announce,
// computed from the options of both.
//
//   tell      = one look of the node at what changed, and the bytes' way
//   hold      = the negotiated hold time
//   resent    = the longest wait of TCP before it sends again
//   back      = resent + the longest wait between two dials + a dial
//   up        = hold + back + a plan that is not whole yet + tell: one end may
//               think for so long that the old session lives
//   detection = three packets of BFD at the slower interval
//   gone      = hold, or detection if BFD was up; and restart, if the peer was
//               promised one and BFD was not up
//   rest      = up + the rest of the cluster (tests/sim/chaos/bounds.h)
//
// A route that its service keeps without endpoints goes withdraw-hold later,
// and a node that drains withdraws after drain_wait.
#ifndef LB_TESTS_SIM_CHAOS_BGP_BOUNDS_H_
#define LB_TESTS_SIM_CHAOS_BGP_BOUNDS_H_

#include <string>

#include "absl/time/time.h"
#include "tests/sim/chaos/bgp/objects.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

struct BgpBounds {
  absl::Duration tell;
  absl::Duration resent;
  absl::Duration back;
  absl::Duration detection;
  absl::Duration restart;
  absl::Duration drain_wait;
  absl::Duration rest;

  absl::Duration up(absl::Duration hold) const;
  std::string ToString() const;
};

BgpBounds BgpBoundsOf(const Scenario& scenario);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_BOUNDS_H_
