// PoolSet: all pools, in the order in which automatic assignment tries them,
// and which of their addresses are held.
//
// A pool's place in that order is its rank: first the pools with a service
// allocation, by priority (1, 2, ..., and 0 last) and name, then the others by
// name. Lookups by address, by name and of "the next pool with a free address"
// are O(log n) in the number of pools and ranges.
//
// Pools that are open to listed namespaces, or to services or namespaces with
// certain labels (match_labels), lie behind a gate for each, so that only those
// are looked at which may be open. Pools that only match_expressions close lie
// behind the open gate and are judged one by one.
#ifndef LB_IPAM_POOL_SET_H_
#define LB_IPAM_POOL_SET_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/pool_space.h"
#include "lb/ipam/service_request.h"
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
  bool GivesOut(const net::IpAddress& address) const;

  // The name that the address is reserved for; nullptr: none.
  const std::string* ReservedFor(const net::IpAddress& address) const;
  // The addresses reserved under that name, by address.
  std::vector<net::IpAddress> ReservedAs(std::string_view name) const;

  // Marks an address as held or free. REQUIRES: it is not so already.
  // An address that no pool gives out is ignored.
  void Take(const net::IpAddress& address);
  void Free(const net::IpAddress& address, Rest rest);
  // As Free(), of an address that is free; see PoolSpace::Remember().
  void Remember(const net::IpAddress& address, Rest rest);

  // As PoolSpace has them.
  void Forget(const net::IpAddress& address);
  void EndRest(const net::IpAddress& address);

  // See PoolSpace::AddHosts(). An address that no pool gives out is ignored.
  void AddHosts(const net::IpAddress& address, bool is_held);
  void RemoveHosts(const net::IpAddress& address);

  // Ends the cool-downs that are over at `now`.
  void AdvanceTo(absl::Time now);
  // When the next one is over; the infinite future: there is none.
  absl::Time NextCoolDownEnd() const;

  // Gates that the service may pass, for NextWithFree().
  using Gates = absl::InlinedVector<size_t, 4>;
  Gates GatesFor(const ServiceRequest& request) const;

  // The first rank >= `from` of a pool behind `gates` with auto_assign that has
  // a free address in each of `families` (one or two).
  std::optional<size_t> NextWithFree(const Gates& gates,
                                     absl::Span<const net::IpFamily> families,
                                     size_t from) const;

 private:
  struct Place {
    net::IpAddress last;  // The range's.
    size_t rank;
  };
  // Ranks of pools with auto_assign and free addresses: IPv4, IPv6, both.
  struct Gate {
    absl::btree_set<size_t> free[3];
  };

  size_t GateNamed(const std::string& name);
  // Nullptr: no pool gives the address out.
  PoolSpace* SpaceOf(const net::IpAddress& address, size_t* rank);
  // Notes what `space` has free, and until when.
  void NoteFree(size_t rank);

  std::vector<Pool> pools_;
  std::vector<PoolSpace> spaces_;
  std::map<std::string, size_t, std::less<>> by_name_;
  absl::btree_map<net::IpAddress, Place> by_first_;  // First of the range.
  absl::btree_map<net::IpAddress, std::string> reserved_;
  std::map<std::string, std::vector<net::IpAddress>, std::less<>> reserved_as_;
  std::vector<Gate> gates_;  // The first is the open one.
  std::map<std::string, size_t, std::less<>> gate_names_;
  std::vector<Gates> gates_of_;  // By rank.
  // For all pools with addresses that cool down: when the next one ends.
  absl::btree_set<std::pair<absl::Time, size_t>> ends_;
  std::vector<absl::Time> end_of_;  // By rank.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_POOL_SET_H_
