// IpPrefix: a network in CIDR form (RFC 4632), an address and a length.
//
//   ParseIpPrefix("198.51.100.10/24")->ToString();  // "198.51.100.10/24"
//   prefix.Range();                                 // 198.51.100.0-.255
#ifndef LB_NET_IP_PREFIX_H_
#define LB_NET_IP_PREFIX_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::net {

// The address keeps its host bits: an interface's address is a prefix too.
struct IpPrefix {
  IpAddress address;
  int length = 0;  // 0..32 or 0..128

  bool Contains(const IpAddress& other) const {
    return Range().Contains(other);
  }
  // For a part of ::/80 it may end at a mapped IPv4 address.
  IpRange Range() const;
  std::string ToString() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

// Reads "address/length". InvalidArgument names the text and what was wanted,
// such as `"10.0.0.0/33": prefix length 33, want 0..32`.
absl::StatusOr<IpPrefix> ParseIpPrefix(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_IP_PREFIX_H_
