// Outcome: what came of the run of a scenario.
//
// Header only.
#ifndef LB_TESTS_SIM_CHAOS_OUTCOME_H_
#define LB_TESTS_SIM_CHAOS_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/io/sim/sim_world.h"

namespace lb::chaos {

// The first invariant that did not hold.
struct Violation {
  std::string invariant;  // "one-holder", "settled-stays", ...
  std::string what;
  absl::Duration at;  // Since the start of the run.
};

struct Outcome {
  std::optional<Violation> violation;
  uint64_t trace_hash = 0;
  uint64_t events = 0;
  absl::Duration virtual_time;
  absl::Duration healed_within;  // From the end of the faults to agreement.
  absl::Duration longest_double_answer;
  std::string log;  // What the nodes recorded; of a violation only.
};

// Returns what came of a run that began then in this world.
inline Outcome OutcomeOf(io::SimWorld& world, absl::Time began,
                         std::optional<Violation> violation) {
  Outcome outcome;
  outcome.violation = std::move(violation);
  outcome.trace_hash = world.trace_hash();
  outcome.events = world.loop().events_run();
  outcome.virtual_time = world.loop().Now() - began;
  return outcome;
}

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_OUTCOME_H_
