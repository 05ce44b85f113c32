// IpRange: consecutive addresses of one family, both ends included.
//
// Ranges compare by their first, then their last address. Size() is exact up to
// 2^128 - 1; the one range that is larger, ::/0, saturates there.
#ifndef LB_NET_IP_RANGE_H_
#define LB_NET_IP_RANGE_H_

#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::net {

// Invariant: first.family() == last.family() and first <= last. ParseIpRange
// keeps it; code that builds a range by hand must keep it too.
struct IpRange {
  IpAddress first;
  IpAddress last;

  IpFamily family() const { return first.family(); }
  bool Contains(const IpAddress& address) const {
    return first <= address && address <= last;
  }
  bool Overlaps(const IpRange& other) const {
    return first <= other.last && other.first <= last;
  }
  absl::uint128 Size() const;
  std::string ToString() const;  // "first-last"

  friend auto operator<=>(const IpRange&, const IpRange&) = default;
};

// Reads what an IPAddressPool allows: "first-last", with spaces around the
// dash, or "address/length", whose host bits are dropped. InvalidArgument
// names the text and what was wanted.
absl::StatusOr<IpRange> ParseIpRange(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_IP_RANGE_H_
