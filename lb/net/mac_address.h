// MacAddress: a 48-bit Ethernet (EUI-48) address.
#ifndef LB_NET_MAC_ADDRESS_H_
#define LB_NET_MAC_ADDRESS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::net {

struct MacAddress {
  std::array<uint8_t, 6> bytes = {};

  bool is_multicast() const { return (bytes[0] & 1) != 0; }  // IEEE 802: I/G.
  std::string ToString() const;  // "02:00:5e:00:53:01"

  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

inline constexpr MacAddress kBroadcastMac = {
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// The address that frames to an IPv6 multicast group are sent to: RFC 2464
// section 7, 33:33 and the group's last four bytes.
// REQUIRES: group.is_ipv6() and group.is_multicast().
MacAddress MulticastMac(const IpAddress& group);

// Reads six hexadecimal pairs joined by ':'. InvalidArgument: `"text": want a
// MAC address such as 02:00:5e:00:53:01`.
absl::StatusOr<MacAddress> ParseMacAddress(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_MAC_ADDRESS_H_
