// AllocatorCase: one row of the tables in allocator_*_cases_test.cc.
//
// A step is "what to do = what it must give": allocator_script.h says how to
// read both. No outcome means "ok"; an error is its code and a part of its
// message. The step "pools" replaces the pools by `next_pools`.
#ifndef LB_IPAM_TESTING_ALLOCATOR_CASE_H_
#define LB_IPAM_TESTING_ALLOCATOR_CASE_H_

#include <ostream>
#include <string>
#include <vector>

namespace lb::ipam {

struct AllocatorCase {
  std::string name;
  std::vector<std::string> pools;
  std::vector<std::string> steps;
  std::vector<std::string> next_pools = {};

  // For GoogleTest's failure messages.
  friend void PrintTo(const AllocatorCase& c, std::ostream* out) {
    *out << c.name;
  }
};

// Runs the steps; each outcome that differs is a test failure.
void RunCase(const AllocatorCase& c);

}  // namespace lb::ipam

#endif  // LB_IPAM_TESTING_ALLOCATOR_CASE_H_
