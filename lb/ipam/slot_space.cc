#include "lb/ipam/slot_space.h"

#include <algorithm>
#include <cstdint>

#include "lb/base/check.h"

namespace lb::ipam {
namespace {

// 254 of each 256 consecutive IPv4 addresses are usable: .1 to .254.
constexpr uint64_t kUsable = 254;

// How many usable addresses are lower than the IPv4 address `number`.
absl::uint128 UsableBelow(uint64_t number) {
  const uint64_t last_octet = number & 0xff;
  const uint64_t in_block =
      std::min(last_octet > 0 ? last_octet - 1 : 0, kUsable);
  return (number >> 8) * kUsable + in_block;
}

}  // namespace

bool IsBuggy(const net::IpAddress& address) {
  if (!address.is_ipv4()) return false;
  const uint32_t last_octet = static_cast<uint32_t>(address.number()) & 0xff;
  return last_octet == 0 || last_octet == 255;
}

SlotSpace::SlotSpace(const net::IpRange& range, bool avoid_buggy_ips)
    : range_(range), sparse_(avoid_buggy_ips && range.first.is_ipv4()) {
  if (sparse_) {
    base_ = UsableBelow(static_cast<uint64_t>(range.first.number()));
    // One past the last address is a number of at most 33 bits.
    size_ = UsableBelow(static_cast<uint64_t>(range.last.number()) + 1) - base_;
  } else {
    base_ = range.first.number();
    size_ = range.Size();
  }
}

std::optional<absl::uint128> SlotSpace::SlotOf(
    const net::IpAddress& address) const {
  if (!range_.Contains(address)) return std::nullopt;
  if (!sparse_) {
    const absl::uint128 slot = address.number() - base_;
    if (slot >= size_) return std::nullopt;
    return slot;
  }
  if (IsBuggy(address)) return std::nullopt;
  return UsableBelow(static_cast<uint64_t>(address.number())) - base_;
}

net::IpAddress SlotSpace::AddressOf(absl::uint128 slot) const {
  LB_CHECK(slot < size_);
  if (!sparse_) {
    const absl::uint128 number = base_ + slot;
    return range_.first.is_ipv4()
               ? net::IpAddress::Ipv4(static_cast<uint32_t>(number))
               : net::IpAddress::Ipv6(number);
  }
  const uint64_t usable = static_cast<uint64_t>(base_ + slot);
  return net::IpAddress::Ipv4(
      static_cast<uint32_t>(usable / kUsable << 8 | (usable % kUsable + 1)));
}

}  // namespace lb::ipam
