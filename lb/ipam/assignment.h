// Assignment: the addresses that a service holds, and the pools they are from.
#ifndef LB_IPAM_ASSIGNMENT_H_
#define LB_IPAM_ASSIGNMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

struct AssignedAddress {
  net::IpAddress address;
  // The pool it lies in; for an address that lies in no pool any more, the one
  // that it came from.
  std::string pool;

  friend bool operator==(const AssignedAddress&,
                         const AssignedAddress&) = default;
};

struct AddressLess {
  bool operator()(const AssignedAddress& a, const AssignedAddress& b) const {
    return a.address < b.address;
  }
};

struct Assignment {
  // IPv4 before IPv6, at most one of each.
  std::vector<AssignedAddress> addresses;

  std::string ToString() const;  // "10.0.0.1 (pool a), 2001:db8::1 (pool b)"

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// Exact counts of addresses. `total` leaves out excluded ones; `used` counts an
// address once, however many services share it; `taken` counts those that hosts
// have (TakenAddresses) and no service. The rest is free. Only ::/0 is larger
// than what fits: it counts 2^128 - 1.
struct PoolUsage {
  absl::uint128 total_ipv4 = 0;
  absl::uint128 used_ipv4 = 0;
  absl::uint128 taken_ipv4 = 0;
  absl::uint128 total_ipv6 = 0;
  absl::uint128 used_ipv6 = 0;
  absl::uint128 taken_ipv6 = 0;
  // Cool-downs that ended early because the pool remembers but so many.
  uint64_t rests_cut_short = 0;

  friend bool operator==(const PoolUsage&, const PoolUsage&) = default;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_ASSIGNMENT_H_
