// Problem: one fault of one object in one file, as a line for a person.
//
//   pools.yaml:9: IPAddressPool/a: spec.addresses[0]: "10.0.0.0/33": prefix
//   length 33, want 0..32           (one line)
#ifndef LB_CONFIG_PROBLEM_H_
#define LB_CONFIG_PROBLEM_H_

#include <compare>
#include <string>
#include <vector>

namespace lb::config {

struct Problem {
  std::string file;
  int line = 0;         // From 1; 0: the file as a whole.
  std::string object;   // "Kind/name", "Kind/namespace/name"; else "yaml", ...
  std::string field;    // "spec.addresses[0]"; may be empty.
  std::string message;  // The fault, and the right value.
  // MetalLB's event reason for it (ipam::EventReason), if it has one.
  std::string reason;

  // "file:line: object: field: message" without what is empty. One line:
  // parts are Printable() and have an end.
  std::string ToString() const;

  friend auto operator<=>(const Problem&, const Problem&) = default;
};

// The problems of `now` that `before` lacks, in their order.
std::vector<Problem> NewProblems(const std::vector<Problem>& now,
                                 const std::vector<Problem>& before);

}  // namespace lb::config

#endif  // LB_CONFIG_PROBLEM_H_
