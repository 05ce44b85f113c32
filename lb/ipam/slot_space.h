// SlotSpace: the addresses of a range that may be given out, numbered densely.
//
// Slot 0 is the lowest such address, and consecutive slots are consecutive but
// for those left out. So "the lowest free address" is a question about numbers
// only, and counts are exact by subtraction. Values, constant time.
#ifndef LB_IPAM_SLOT_SPACE_H_
#define LB_IPAM_SLOT_SPACE_H_

#include <optional>

#include "absl/numeric/int128.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {

// True for an IPv4 address that ends in .0 or .255: some old equipment mistakes
// it for a network or broadcast address.
bool IsBuggy(const net::IpAddress& address);

class SlotSpace {
 public:
  // `avoid_buggy_ips`: those are left out.
  SlotSpace(const net::IpRange& range, bool avoid_buggy_ips);

  const net::IpRange& range() const { return range_; }

  // The number of slots; 2^128 - 1 for ::/0, whose last address has none.
  absl::uint128 size() const { return size_; }

  // Nullopt: outside of the range, or left out.
  std::optional<absl::uint128> SlotOf(const net::IpAddress& address) const;

  // REQUIRES: slot < size().
  net::IpAddress AddressOf(absl::uint128 slot) const;

 private:
  net::IpRange range_;
  bool sparse_;             // Some addresses are left out.
  absl::uint128 base_ = 0;  // The number of the lowest usable address.
  absl::uint128 size_ = 0;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_SLOT_SPACE_H_
