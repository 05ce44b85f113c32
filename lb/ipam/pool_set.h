// PoolSet: all pools, in the order in which automatic assignment tries them,
// and which of their addresses are held.
//
// A pool's place in that order is its rank: first the pools with a service
// allocation, by priority (1, 2, ..., and 0 last) and name, then the others by
// name. Lookups by address, by name and of "the next pool with a free address"
// are O(log n) in the number of pools and ranges.
#ifndef LB_IPAM_POOL_SET_H_
#define LB_IPAM_POOL_SET_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/pool_space.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class PoolSet {
 public:
  PoolSet() = default;
  // REQUIRES: ValidatePools() accepts all of them.
  explicit PoolSet(std::vector<Pool> pools);

  const std::vector<Pool>& pools() const { return pools_; }  // By rank.
  const Pool& pool(size_t rank) const { return pools_.at(rank); }
  const PoolSpace& space(size_t rank) const { return spaces_.at(rank); }

  // The rank of the pool of that name.
  std::optional<size_t> FindByName(std::string_view name) const;

  // The rank of the pool in whose ranges the address lies, whether or not the
  // pool gives it out.
  std::optional<size_t> FindByAddress(const net::IpAddress& address) const;
  // The index of that range in Pool::ranges.
  std::optional<size_t> RangeOf(const net::IpAddress& address) const;
  bool GivesOut(const net::IpAddress& address) const;

  // Marks an address as held or free. REQUIRES: it is not so already.
  // An address that no pool gives out is ignored.
  void Take(const net::IpAddress& address);
  void Free(const net::IpAddress& address);

  // The first rank >= `from` of a pool with auto_assign that has a free address
  // in each of `families` (one or two).
  std::optional<size_t> NextWithFree(absl::Span<const net::IpFamily> families,
                                     size_t from) const;

 private:
  struct Place {
    net::IpAddress last;  // Of the range.
    size_t rank;
    size_t range;  // Index in Pool::ranges.
  };

  const Place* Find(const net::IpAddress& address) const;
  void UpdateFree(size_t rank);

  std::vector<Pool> pools_;
  std::vector<PoolSpace> spaces_;
  std::map<std::string, size_t, std::less<>> by_name_;
  absl::btree_map<net::IpAddress, Place> by_first_;  // First of the range.
  // Ranks of pools with auto_assign and free addresses: IPv4, IPv6, both.
  absl::btree_set<size_t> free_[3];
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_SET_H_
