// PoolSpace: which addresses of one pool are held.
//
// Free addresses are found range by range in the order written, the lowest
// first. O(log n) in ranges and in runs of held addresses.
#ifndef LB_IPAM_POOL_SPACE_H_
#define LB_IPAM_POOL_SPACE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/held_slots.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/slot_space.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class PoolSpace {
 public:
  explicit PoolSpace(const Pool& pool);

  // Whether the pool gives out this address of its range `range`; false for
  // those that avoid_buggy_ips leaves out.
  bool GivesOut(size_t range, const net::IpAddress& address) const;

  // REQUIRES: GivesOut() and the address is free (Take) or taken (Free).
  void Take(size_t range, const net::IpAddress& address);
  void Free(size_t range, const net::IpAddress& address);

  // The free address that is next in turn.
  std::optional<net::IpAddress> NextFree(net::IpFamily family) const;
  bool HasFree(net::IpFamily family) const;

  // Has it addresses of the family at all, held or free?
  bool HasFamily(net::IpFamily family) const;

  const PoolUsage& usage() const { return usage_; }

 private:
  struct Range {
    net::IpFamily family;
    SlotSpace space;
    HeldSlots held;
  };

  // Notes whether range `index` has free addresses.
  void UpdateFreeRanges(size_t index);

  std::vector<Range> ranges_;  // As in Pool::ranges.
  // Indices of ranges with free addresses, for each family.
  absl::btree_set<size_t> free_ranges_[2];
  PoolUsage usage_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_SPACE_H_
