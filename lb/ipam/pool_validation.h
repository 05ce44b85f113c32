// ValidatePools: which pools of a configuration can be used together.
//
// A bad pool is refused alone: the others are judged as if it were not there.
// Pure; O(n log n) in the number of ranges.
#ifndef LB_IPAM_POOL_VALIDATION_H_
#define LB_IPAM_POOL_VALIDATION_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/ipam/pool.h"

namespace lb::ipam {

// One Status for each pool, in the order given. InvalidArgument, as
// `IPAddressPool/name: field: what is wrong, what was wanted`, if the pool
//  - has no name, or that of an earlier pool,
//  - has no range, or a range whose ends are of two families or reversed,
//  - overlaps itself or an earlier pool that was accepted; the message names
//    the other pool and the part that both have,
//  - has a selector or priority that breaks its rules,
//  - excludes what it has not, has a cool-down below 0 or above kCoolDownMax,
//  - reserves an address that it does not give out or that is reserved already,
//    or under no name, or two of one family under a name.
std::vector<absl::Status> ValidatePools(absl::Span<const Pool> pools);

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_VALIDATION_H_
