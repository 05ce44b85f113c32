// AdmitPools: which pools come into force, so that no two of them clash.
//
// A pool that would clash is refused, not the one that stands: pools that stay
// as they are come first, then the changed ones in the order given. A refused
// pool keeps the value that is in force, unless that clashes with a pool that
// was admitted before it. Pure; O(n log n) in the number of ranges.
#ifndef LB_CONFIG_POOL_ADMISSION_H_
#define LB_CONFIG_POOL_ADMISSION_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/ipam/pool.h"

namespace lb::config {

// Objects of kind IPAddressPool; they outlive the admission.
struct PoolCandidates {
  std::vector<const Object*> read;  // Without faults of their own.
  // Entries of `in_force` that stay, since their new values have faults.
  std::vector<const Object*> kept;
  const Objects& in_force;
};

struct PoolAdmission {
  // By name; each is one of `read` or of `in_force`.
  std::map<std::string, const Object*, std::less<>> admitted;
  std::vector<Problem> problems;  // One of each refused pool.
};

PoolAdmission AdmitPools(const PoolCandidates& candidates);

}  // namespace lb::config

#endif  // LB_CONFIG_POOL_ADMISSION_H_
