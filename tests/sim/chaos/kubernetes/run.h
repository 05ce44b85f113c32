// RunKubernetes(): one simulated cluster with an API server, from its start
// until it has healed.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_RUN_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_RUN_H_

#include "absl/time/time.h"
#include "tests/sim/chaos/outcome.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

// After the last fault statuses and announcements agree within this time; after
// an lbd was cut off from the API server, 15 s later.
inline constexpr absl::Duration kHealed = absl::Seconds(10);

// REQUIRES: scenario.source == Source::kKubernetes.
Outcome RunKubernetes(const Scenario& scenario);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_RUN_H_
