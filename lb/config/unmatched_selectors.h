// Unmatched selectors: those of L2Advertisements that match no object there is.
//
// A mistyped key or value is valid, and nothing is announced. Where no object
// of the kind is defined, nothing can be said. Pure.
#ifndef LB_CONFIG_UNMATCHED_SELECTORS_H_
#define LB_CONFIG_UNMATCHED_SELECTORS_H_

#include <vector>

#include "lb/config/desired.h"
#include "lb/config/problem.h"

namespace lb::config {

// A notice for each selector of Nodes or of pools that matches none of them.
std::vector<Problem> UnmatchedSelectors(const Desired& desired);

}  // namespace lb::config

#endif  // LB_CONFIG_UNMATCHED_SELECTORS_H_
