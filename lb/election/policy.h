// Policy: by what an election chooses among the candidates.
//
// Values only.
#ifndef LB_ELECTION_POLICY_H_
#define LB_ELECTION_POLICY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::election {

enum class Policy : uint8_t {
  // MetalLB's: the first in rank. The holder of the address is no input, so a
  // node that returns takes its addresses back at once.
  kCompat,
  // The holder keeps the address while it is a candidate; else the first in
  // rank. A node that returns takes nothing back.
  kSticky,
  // As sticky, but no node announces more than its share (election_table.h).
  kBalanced,
};

// "compat", "sticky", "balanced".
std::string_view ToString(Policy policy);

// The inverse. InvalidArgument: `"x", want compat, sticky or balanced`.
absl::StatusOr<Policy> ParsePolicy(std::string_view text);

}  // namespace lb::election

#endif  // LB_ELECTION_POLICY_H_
