// The Internet checksum (RFC 1071), and ICMPv6's use of it (RFC 8200 8.1).
//
// Free functions over bytes; they allocate nothing and never fail.
#ifndef LB_NET_CHECKSUM_H_
#define LB_NET_CHECKSUM_H_

#include <cstdint>

#include "absl/types/span.h"
#include "lb/net/ip_address.h"

namespace lb::net {

// The checksum to put into a packet whose checksum field is zero. Over a packet
// that holds its right checksum it gives 0. An odd last byte counts as if a
// zero followed it.
uint16_t InternetChecksum(absl::Span<const uint8_t> bytes);

// The checksum of an ICMPv6 message and the pseudo header of its IPv6 packet.
// REQUIRES: both are IPv6 addresses.
uint16_t Icmpv6Checksum(const IpAddress& source, const IpAddress& destination,
                        absl::Span<const uint8_t> message);

}  // namespace lb::net

#endif  // LB_NET_CHECKSUM_H_
