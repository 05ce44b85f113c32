// Runs scenarios: faults, invariants, healing; makes failing scripts shorter.
#ifndef LB_TESTS_SIM_CHAOS_RUN_H_
#define LB_TESTS_SIM_CHAOS_RUN_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "tests/sim/chaos/outcome.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {

// `on_second`: called each virtual second with the time so far.
Outcome RunScenario(const Scenario& scenario,
                    std::function<void(absl::Duration)> on_second = nullptr);

// The scenario with as few faults as still violate the same invariant.
// REQUIRES: it does.
Scenario Shrink(const Scenario& scenario, const std::string& invariant);

// Returns the violation and the command that runs it again, with a shorter
// script.
std::string Report(const Scenario& scenario, const Violation& violation);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_RUN_H_
