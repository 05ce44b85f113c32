// Asn: the number of an autonomous system, of four octets (RFC 6793).
//
// A value, and pure functions: any thread.
//
//   LB_ASSIGN_OR_RETURN(const Asn asn, ParseAsn("4200000000"));
//   asn.fits_two_octets();  // false
#ifndef LB_BGP_ASN_H_
#define LB_BGP_ASN_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::bgp {

struct Asn {
  uint32_t number = 0;

  bool fits_two_octets() const { return number <= 0xffff; }

  // The decimal form "asplain" (RFC 5396).
  std::string ToString() const;

  friend constexpr auto operator<=>(const Asn&, const Asn&) = default;
};

// Stands for a number that does not fit two octets (RFC 6793, section 9).
inline constexpr Asn kAsTrans = {23456};

// Reads a decimal number. InvalidArgument: `"65536x": want an AS number,
// 1 to 4294967295`. AS 0 is no AS (RFC 7607).
absl::StatusOr<Asn> ParseAsn(std::string_view text);

}  // namespace lb::bgp

#endif  // LB_BGP_ASN_H_
