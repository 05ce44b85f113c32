// Problem: one fault of one object, as a line for a person.
//
//   pools.yaml:9: IPAddressPool/a: spec.addresses[0]: "10.0.0.0/33": prefix
//   length 33, want 0..32           (one line)
//   IPAddressPool/a (resourceVersion 71523): spec.addresses[0]: ...
#ifndef LB_CONFIG_PROBLEM_H_
#define LB_CONFIG_PROBLEM_H_

#include <compare>
#include <string>
#include <vector>

#include "lb/config/origin.h"

namespace lb::config {

struct Problem {
  Origin origin;
  std::string object;   // "Kind/name", "Kind/namespace/name"; else "yaml", ...
  std::string field;    // "spec.addresses[0]"; may be empty.
  std::string message;  // The fault, and the right value.
  // MetalLB's event reason for it (ipam::EventReason), if it has one.
  std::string reason;

  // "file:line: object: field: message" or, from the Kubernetes API,
  // "object (resourceVersion N): field: message", without what is empty. One
  // line: parts are Printable() and have an end.
  std::string ToString() const;

  friend auto operator<=>(const Problem&, const Problem&) = default;
};

// The problems of `now` that `before` lacks, in their order. Whatever writes to
// an object of the Kubernetes API gives it another resourceVersion, so a
// problem that differs in this alone is not new.
std::vector<Problem> NewProblems(const std::vector<Problem>& now,
                                 const std::vector<Problem>& before);

}  // namespace lb::config

#endif  // LB_CONFIG_PROBLEM_H_
