// Difference: what a new Desired asks that the one before did not, so that the
// loop need not look at all of it again.
//
// A value, on any thread. DifferenceOf is pure: it compares two snapshots,
// before anything is applied. DesiredKeeper (desired_keeper.h) gives the same
// for a Desired that it changed in place.
#ifndef LB_CONFIG_DIFFERENCE_H_
#define LB_CONFIG_DIFFERENCE_H_

#include <string>
#include <string_view>
#include <vector>

#include "lb/config/desired.h"
#include "lb/config/problem.h"

namespace lb::config {

struct Difference {
  // "namespace/name" of each that came or went, or whose request or traffic is
  // another one; sorted. Where it stands does not matter.
  std::vector<std::string> services;
  bool pools = false;    // Or their labels.
  bool cluster = false;  // Advertisements or nodes.
  bool bgp = false;      // Desired::bgp.
  bool may_define = false;
  // Those that were not there before, as NewProblems() has them.
  std::vector<Problem> new_problems;
  std::vector<Problem> new_notices;

  friend bool operator==(const Difference&, const Difference&) = default;
};

Difference DifferenceOf(const Desired& before, const Desired& now);

// The service of that name; nullptr: there is none.
const Service* FindService(const Desired& desired, std::string_view name);

}  // namespace lb::config

#endif  // LB_CONFIG_DIFFERENCE_H_
