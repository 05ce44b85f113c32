#include "lb/ipam/pool_space.h"

#include "lb/base/check.h"

namespace lb::ipam {
namespace {

size_t IndexOf(net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? 0 : 1;
}

void AddTo(absl::uint128& sum, absl::uint128 more) {
  const absl::uint128 room = absl::Uint128Max() - sum;
  sum += more < room ? more : room;
}

}  // namespace

PoolSpace::PoolSpace(const Pool& pool) {
  ranges_.reserve(pool.ranges.size());
  for (const net::IpRange& range : pool.ranges) {
    ranges_.push_back({.family = range.family(),
                       .space = SlotSpace(range, pool.avoid_buggy_ips),
                       .held = {}});
    AddTo(range.first.is_ipv4() ? usage_.total_ipv4 : usage_.total_ipv6,
          ranges_.back().space.size());
    UpdateFreeRanges(ranges_.size() - 1);
  }
}

bool PoolSpace::GivesOut(size_t range, const net::IpAddress& address) const {
  return ranges_.at(range).space.SlotOf(address).has_value();
}

void PoolSpace::Take(size_t range, const net::IpAddress& address) {
  Range& in = ranges_.at(range);
  const std::optional<absl::uint128> slot = in.space.SlotOf(address);
  LB_CHECK(slot.has_value());
  in.held.Insert(*slot);
  ++(address.is_ipv4() ? usage_.used_ipv4 : usage_.used_ipv6);
  UpdateFreeRanges(range);
}

void PoolSpace::Free(size_t range, const net::IpAddress& address) {
  Range& in = ranges_.at(range);
  const std::optional<absl::uint128> slot = in.space.SlotOf(address);
  LB_CHECK(slot.has_value());
  in.held.Erase(*slot);
  --(address.is_ipv4() ? usage_.used_ipv4 : usage_.used_ipv6);
  UpdateFreeRanges(range);
}

std::optional<net::IpAddress> PoolSpace::NextFree(net::IpFamily family) const {
  const absl::btree_set<size_t>& free = free_ranges_[IndexOf(family)];
  if (free.empty()) return std::nullopt;
  const Range& range = ranges_[*free.begin()];
  return range.space.AddressOf(range.held.LowestMissing());
}

bool PoolSpace::HasFree(net::IpFamily family) const {
  return !free_ranges_[IndexOf(family)].empty();
}

bool PoolSpace::HasFamily(net::IpFamily family) const {
  return (family == net::IpFamily::kIpv4 ? usage_.total_ipv4
                                         : usage_.total_ipv6) > 0;
}

void PoolSpace::UpdateFreeRanges(size_t index) {
  const Range& range = ranges_[index];
  absl::btree_set<size_t>& free = free_ranges_[IndexOf(range.family)];
  if (range.held.size() < range.space.size()) {
    free.insert(index);
  } else {
    free.erase(index);
  }
}

}  // namespace lb::ipam
