// ToText: a Desired as lines of text, for tests to compare.
#ifndef LB_CONFIG_TESTING_DESIRED_TEXT_H_
#define LB_CONFIG_TESTING_DESIRED_TEXT_H_

#include <string>
#include <vector>

#include "lb/config/desired.h"
#include "lb/config/problem.h"

namespace lb::config {

// One line per pool, advertisement, service, node, peer and advertisement for
// BGP, in that order; a password is its length; what has its default value is
// left out.
std::string ToText(const Desired& desired);

// One line each.
std::string ToText(const std::vector<Problem>& problems);

}  // namespace lb::config

#endif  // LB_CONFIG_TESTING_DESIRED_TEXT_H_
