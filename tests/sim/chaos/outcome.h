// Outcome: what came of the run of a scenario.
#ifndef LB_TESTS_SIM_CHAOS_OUTCOME_H_
#define LB_TESTS_SIM_CHAOS_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

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

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_OUTCOME_H_
