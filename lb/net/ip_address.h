// IpAddress: an IPv4 or IPv6 address as a value.
//
// IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are IPv4: they compare equal to
// a.b.c.d and print as it, so one host never has two names. Order: IPv4 before
// IPv6, then by number. No zone ids (%eth0): a zone names a link, not a host.
//
//   LB_ASSIGN_OR_RETURN(const IpAddress vip, ParseIpAddress("2001:db8::10"));
//   vip.ToString();  // "2001:db8::10", RFC 5952
#ifndef LB_NET_IP_ADDRESS_H_
#define LB_NET_IP_ADDRESS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lb::net {

enum class IpFamily : uint8_t { kIpv4, kIpv6 };

// "IPv4" or "IPv6", as Kubernetes writes spec.ipFamilies.
std::string_view ToString(IpFamily family);

// 32 for IPv4, 128 for IPv6.
int BitCount(IpFamily family);

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0

  static IpAddress Ipv4(uint32_t number) {
    return IpAddress(IpFamily::kIpv4, number);
  }
  // A number in ::ffff:0:0/96 gives the IPv4 address.
  static IpAddress Ipv6(absl::uint128 number);

  // From network byte order. InvalidArgument unless 4 or 16 bytes.
  static absl::StatusOr<IpAddress> FromBytes(absl::Span<const uint8_t> bytes);

  IpFamily family() const { return family_; }
  bool is_ipv4() const { return family_ == IpFamily::kIpv4; }
  bool is_ipv6() const { return family_ == IpFamily::kIpv6; }

  // The address as a number of 32 or 128 bits.
  absl::uint128 number() const { return number_; }

  // All zeros: "no address" in ARP probes, "any" for sockets.
  bool is_unspecified() const { return number_ == 0; }
  bool is_multicast() const;   // 224.0.0.0/4, ff00::/8
  bool is_loopback() const;    // 127.0.0.0/8, ::1
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10

  // 4 or 16 bytes in network byte order.
  std::vector<uint8_t> ToBytes() const;
  // Always 16 bytes; an IPv4 address in its mapped form.
  std::array<uint8_t, 16> ToMappedBytes() const;

  // Dotted quad, or RFC 5952 (lower case, longest run of zeros shortened).
  // Elections hash this text: it is part of the protocol between nodes.
  std::string ToString() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend std::strong_ordering operator<=>(const IpAddress& a,
                                          const IpAddress& b);
  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), a.family_, a.number_);
  }

 private:
  IpAddress(IpFamily family, absl::uint128 number)
      : family_(family), number_(number) {}

  IpFamily family_ = IpFamily::kIpv4;
  absl::uint128 number_ = 0;
};

// Reads "10.0.0.1" or "2001:db8::1" (any form RFC 4291 allows). No spaces, no
// zone, no leading zeros in IPv4. InvalidArgument: `"text": want an IPv4 or
// IPv6 address`.
absl::StatusOr<IpAddress> ParseIpAddress(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_IP_ADDRESS_H_
