#include "lb/election/policy.h"

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::election {

std::string_view ToString(Policy policy) {
  switch (policy) {
    case Policy::kCompat:
      return "compat";
    case Policy::kSticky:
      return "sticky";
    case Policy::kBalanced:
      return "balanced";
  }
  LB_UNREACHABLE();
}

absl::StatusOr<Policy> ParsePolicy(std::string_view text) {
  for (const Policy policy :
       {Policy::kCompat, Policy::kSticky, Policy::kBalanced}) {
    if (ToString(policy) == text) return policy;
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\", want compat, sticky or balanced", text));
}

}  // namespace lb::election
