// IpFamilies: a set of the two families of IP addresses.
//
// A value, and pure functions: any thread.
#ifndef LB_NET_IP_FAMILIES_H_
#define LB_NET_IP_FAMILIES_H_

#include <compare>
#include <cstddef>

#include "lb/net/ip_address.h"

namespace lb::net {

struct IpFamilies {
  bool ipv4 = false;
  bool ipv6 = false;

  bool IncludesAll(const IpFamilies& other) const {
    return (ipv4 || !other.ipv4) && (ipv6 || !other.ipv6);
  }
  bool empty() const { return !ipv4 && !ipv6; }

  friend constexpr auto operator<=>(const IpFamilies&,
                                    const IpFamilies&) = default;
};

// 0 or 1: the place of a family in an array of two.
constexpr size_t FamilyIndex(IpFamily family) {
  return family == IpFamily::kIpv4 ? 0 : 1;
}

inline IpFamilies FamilyOf(const IpAddress& address) {
  return {address.is_ipv4(), address.is_ipv6()};
}

inline IpFamilies Union(const IpFamilies& a, const IpFamilies& b) {
  return {a.ipv4 || b.ipv4, a.ipv6 || b.ipv6};
}

}  // namespace lb::net

#endif  // LB_NET_IP_FAMILIES_H_
