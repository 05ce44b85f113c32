// Communities: labels on a route that routers act on.
//
// Values, and pure functions: any thread. The text forms are those of MetalLB.
//
//   LB_ASSIGN_OR_RETURN(const Community stop, ParseCommunity("65535:65281"));
//   LB_ASSIGN_OR_RETURN(const LargeCommunity large,
//                       ParseLargeCommunity("large:64496:1:2"));
#ifndef LB_BGP_COMMUNITY_H_
#define LB_BGP_COMMUNITY_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/bgp/asn.h"

namespace lb::bgp {

// RFC 1997: two numbers of 16 bits in one of 32.
struct Community {
  uint32_t number = 0;

  std::string ToString() const;  // "65535:65281"

  friend constexpr auto operator<=>(const Community&,
                                    const Community&) = default;
};

// RFC 8326: the sender is about to go; prefer any other path.
inline constexpr Community kGracefulShutdown = {0xffff0000};

// RFC 8092.
struct LargeCommunity {
  uint32_t administrator = 0;
  uint32_t first = 0;
  uint32_t second = 0;

  std::string ToString() const;  // "large:1:2:3"

  friend constexpr auto operator<=>(const LargeCommunity&,
                                    const LargeCommunity&) = default;
};

// The extended community "link bandwidth", 0x4004 (RFC 4360 and
// draft-ietf-idr-link-bandwidth): a router weighs its next hops by it.
struct LinkBandwidth {
  // Only the low 16 bits are on the wire; a longer number is sent as AS_TRANS.
  Asn asn;
  // Whole, so that two equal values are equal bytes. The wire has a float of
  // 32 bits, which rounds numbers above 16,777,216.
  uint64_t bytes_per_second = 0;

  std::string ToString() const;  // "bandwidth:64512:125000000"

  friend constexpr auto operator<=>(const LinkBandwidth&,
                                    const LinkBandwidth&) = default;
};

// Reads "number:number", each 0 to 65535. InvalidArgument: `"1:70000": want
// number:number, each 0 to 65535`.
absl::StatusOr<Community> ParseCommunity(std::string_view text);

// Reads "large:number:number:number", each of 32 bits. InvalidArgument:
// `"large:1:2": want large:number:number:number, each 0 to 4294967295`.
absl::StatusOr<LargeCommunity> ParseLargeCommunity(std::string_view text);

}  // namespace lb::bgp

#endif  // LB_BGP_COMMUNITY_H_
