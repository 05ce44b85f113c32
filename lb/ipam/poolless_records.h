// PoollessRecords: gives recorded addresses their pools, where the record names
// none.
//
// A controller of another make, or a person, may have written an address
// without the name of its pool. It then has the pool that this node knew it by
// before, else the one in which it lies. Without a pool it cannot be announced,
// as advertisements go by pools: it is left out, and kept here until a pool
// comes that has it.
//
// Bookkeeping only; one thread.
#ifndef LB_IPAM_POOLLESS_RECORDS_H_
#define LB_IPAM_POOLLESS_RECORDS_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "lb/ipam/allocator.h"
#include "lb/ipam/assignment.h"

namespace lb::ipam {

class PoollessRecords {
 public:
  using ByService = std::map<std::string, Assignment, std::less<>>;

  // What is recorded of the service from now on, with a pool for each address;
  // those without one are left out. `before`: what the service had.
  Assignment Place(const std::string& service, const Assignment& recorded,
                   const Assignment& before, const Allocator& allocator);

  // Why an address of the service was left out; empty: none was.
  std::string WhyLeftOut(std::string_view service) const;

  // The records of which an address was left out, to be placed again, as the
  // pools are others.
  ByService Take() { return std::exchange(left_out_, {}); }

 private:
  ByService left_out_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOLLESS_RECORDS_H_
