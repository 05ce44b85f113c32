// A list of problems that is kept sorted by object while objects change.
//
// Pure functions.
#ifndef LB_CONFIG_PROBLEM_LIST_H_
#define LB_CONFIG_PROBLEM_LIST_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/problem.h"

namespace lb::config {

// All problems that an object has now, by its name.
using ProblemsOf = std::map<std::string, std::vector<Problem>>;

// O(log n).
bool HasProblemsOf(std::string_view object, const std::vector<Problem>& list);

// Replaces the problems of these objects in `list`, which is sorted by object
// and stays so; returns those that are new (NewProblems). O(log n) where the
// number of problems stays, else it moves what follows in the list once.
std::vector<Problem> ReplaceProblems(ProblemsOf now,
                                     std::vector<Problem>* list);

}  // namespace lb::config

#endif  // LB_CONFIG_PROBLEM_LIST_H_
