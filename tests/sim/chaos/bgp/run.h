// RunBgp(): one simulated cluster with routers, from its start until it has
// healed.
#ifndef LB_TESTS_SIM_CHAOS_BGP_RUN_H_
#define LB_TESTS_SIM_CHAOS_BGP_RUN_H_

#include "tests/sim/chaos/outcome.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

// REQUIRES: scenario.source == Source::kBgp.
Outcome RunBgp(const Scenario& scenario);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_BGP_RUN_H_
