// RestingAddresses: free addresses of one pool that were held before.
//
// Kept in the order in which they were freed (at one instant: by address).
// O(log n) in their number. Values.
#ifndef LB_IPAM_RESTING_ADDRESSES_H_
#define LB_IPAM_RESTING_ADDRESSES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

struct Rest {
  absl::Time freed_at;
  std::string last_holder;  // Service.

  friend bool operator==(const Rest&, const Rest&) = default;
};

class RestingAddresses {
 public:
  using ByAddress = absl::btree_map<net::IpAddress, Rest>;

  // REQUIRES: the address does not rest.
  void Insert(const net::IpAddress& address, Rest rest);
  // False: it did not rest.
  bool Erase(const net::IpAddress& address);

  // Nullptr: it does not rest.
  const Rest* Find(const net::IpAddress& address) const;
  // The one that was freed first. Nullopt: none of the family.
  std::optional<net::IpAddress> First(net::IpFamily family) const;
  // When the first one that was freed later than `time` was.
  std::optional<absl::Time> NextFreedAfter(absl::Time time,
                                           net::IpFamily family) const;

  size_t size() const { return by_address_.size(); }
  const ByAddress& by_address() const { return by_address_; }

 private:
  using Freed = std::pair<absl::Time, net::IpAddress>;

  ByAddress by_address_;
  absl::btree_set<Freed> in_order_[2];  // IPv4, IPv6.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_RESTING_ADDRESSES_H_
