// SharedPlaces: the shared addresses, so that the one to join is found quickly.
//
// Addresses of one key and backend on which the same ports are taken form a
// group, sorted by pool, segment and address. So a look-up costs O(log n) for
// each group of the key, however many addresses are in it. Only addresses that
// a pool gives out are here, and none that is reserved. Values.
#ifndef LB_IPAM_SHARED_PLACES_H_
#define LB_IPAM_SHARED_PLACES_H_

#include <compare>
#include <cstddef>
#include <map>
#include <optional>

#include "absl/container/btree_set.h"
#include "lb/ipam/sharing.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// An address, sorted as automatic assignment comes to it.
struct SharedPlace {
  size_t rank;     // Its pool's.
  size_t segment;  // In the pool.
  net::IpAddress address;

  friend auto operator<=>(const SharedPlace&, const SharedPlace&) = default;
};

class SharedPlaces {
 public:
  // `terms`: the key and backend that its holders agree on, and all their
  // ports. REQUIRES: `terms.key` is not empty; Remove() names what was added.
  void Add(const SharingTerms& terms, const SharedPlace& place);
  void Remove(const SharingTerms& terms, const SharedPlace& place);

  // The first place of rank `rank` or higher, of that family, that a service on
  // `terms` may join.
  std::optional<SharedPlace> FirstToJoin(const SharingTerms& terms,
                                         net::IpFamily family,
                                         size_t rank) const;

 private:
  std::map<SharingTerms, absl::btree_set<SharedPlace>> groups_[2];  // IPv4, 6.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_SHARED_PLACES_H_
