#include "lb/ipam/pool_space.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lb/base/check.h"
#include "lb/net/ip_families.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;
using net::IpRange;

constexpr IpFamily kFamilies[] = {IpFamily::kIpv4, IpFamily::kIpv6};

void AddTo(absl::uint128& sum, absl::uint128 more) {
  const absl::uint128 room = absl::Uint128Max() - sum;
  sum += more < room ? more : room;
}

IpAddress WithNumber(IpFamily family, absl::uint128 number) {
  return family == IpFamily::kIpv4
             ? IpAddress::Ipv4(static_cast<uint32_t>(number))
             : IpAddress::Ipv6(number);
}

IpAddress Before(const IpAddress& address) {
  return WithNumber(address.family(), address.number() - 1);
}

IpAddress After(const IpAddress& address) {
  return WithNumber(address.family(), address.number() + 1);
}

// Sorted, and so that none overlap.
std::vector<IpRange> Merged(std::vector<IpRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<IpRange> merged;
  for (const IpRange& range : ranges) {
    if (!merged.empty() && merged.back().Overlaps(range)) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

}  // namespace

PoolSpace::PoolSpace(const Pool& pool)
    : cool_down_(pool.cool_down),
      by_use_(pool.order == AddressOrder::kLeastRecentlyUsed) {
  const std::vector<IpRange> excluded = Merged(pool.excluded);
  for (IpRange left : pool.ranges) {
    auto cut = std::partition_point(
        excluded.begin(), excluded.end(),
        [&](const IpRange& other) { return other.last < left.first; });
    bool is_done = false;
    for (; cut != excluded.end() && cut->first <= left.last; ++cut) {
      if (left.first < cut->first) {
        AddSegment(pool, {left.first, Before(cut->first)}, false);
      }
      const IpRange out = {std::max(left.first, cut->first),
                           std::min(left.last, cut->last)};
      AddSegment(pool, out, true);
      is_done = out.last == left.last;
      if (!is_done) left.first = After(out.last);
    }
    if (!is_done) AddSegment(pool, left, false);
  }
  for (const Reservation& reservation : pool.reservations) {
    if (!GivesOut(reservation.address)) continue;
    if (!reserved_.insert(reservation.address).second) continue;
    SetFresh(reservation.address, false);
  }
}

std::optional<size_t> PoolSpace::SegmentOf(const IpAddress& address) const {
  const auto after = by_first_.upper_bound(address);
  if (after == by_first_.begin()) return std::nullopt;
  const size_t segment = std::prev(after)->second;
  if (!segments_[segment].space.range().Contains(address)) return std::nullopt;
  return segment;
}

std::string_view PoolSpace::WhyWithheld(const IpAddress& address) const {
  if (GivesOut(address)) return "";
  const std::optional<size_t> segment = SegmentOf(address);
  return segment && segments_[*segment].is_excluded ? "excludes"
                                                    : "avoids (avoidBuggyIPs)";
}

void PoolSpace::Take(const IpAddress& address) {
  if (hosts_free_.erase(address) > 0) {
    hosts_held_.insert(address);
    --(address.is_ipv4() ? usage_.taken_ipv4 : usage_.taken_ipv6);
  } else if (!reserved_.contains(address) && !resting_.Erase(address)) {
    SetFresh(address, false);
  }
  ++(address.is_ipv4() ? usage_.used_ipv4 : usage_.used_ipv6);
}

void PoolSpace::Free(const IpAddress& address, Rest rest) {
  --(address.is_ipv4() ? usage_.used_ipv4 : usage_.used_ipv6);
  if (hosts_held_.erase(address) > 0) {
    hosts_free_.insert(address);
    ++(address.is_ipv4() ? usage_.taken_ipv4 : usage_.taken_ipv6);
    return;
  }
  if (reserved_.contains(address)) return;
  now_ = std::max(now_, rest.freed_at);
  resting_.Insert(address, std::move(rest));
  EndRests();
}

void PoolSpace::Forget(const IpAddress& address) {
  --(address.is_ipv4() ? usage_.used_ipv4 : usage_.used_ipv6);
  if (hosts_held_.erase(address) > 0) {
    hosts_free_.insert(address);
    ++(address.is_ipv4() ? usage_.taken_ipv4 : usage_.taken_ipv6);
  } else if (!reserved_.contains(address)) {
    SetFresh(address, true);
  }
}

void PoolSpace::EndRest(const IpAddress& address) {
  if (resting_.Erase(address)) SetFresh(address, true);
}

void PoolSpace::AddHosts(const IpAddress& address, bool is_held) {
  if (is_held) {
    hosts_held_.insert(address);
    return;
  }
  if (!reserved_.contains(address) && !resting_.Erase(address)) {
    SetFresh(address, false);
  }
  hosts_free_.insert(address);
  ++(address.is_ipv4() ? usage_.taken_ipv4 : usage_.taken_ipv6);
}

void PoolSpace::RemoveHosts(const IpAddress& address) {
  if (hosts_held_.erase(address) > 0) return;
  LB_CHECK(hosts_free_.erase(address) > 0);
  --(address.is_ipv4() ? usage_.taken_ipv4 : usage_.taken_ipv6);
  if (!reserved_.contains(address)) SetFresh(address, true);
}

void PoolSpace::Remember(const IpAddress& address, Rest rest) {
  if (reserved_.contains(address) || hosts_free_.contains(address)) return;
  if (const Rest* const known = resting_.Find(address)) {
    if (known->freed_at >= rest.freed_at) return;
    resting_.Erase(address);
  } else {
    SetFresh(address, false);
  }
  resting_.Insert(address, std::move(rest));
  EndRests();
}

void PoolSpace::AdvanceTo(absl::Time now) {
  now_ = std::max(now_, now);
  EndRests();
}

absl::Time PoolSpace::NextCoolDownEnd() const {
  absl::Time end = absl::InfiniteFuture();
  for (const IpFamily family : kFamilies) {
    const auto freed = resting_.NextFreedAfter(now_ - cool_down_, family);
    if (freed) end = std::min(end, *freed + cool_down_);
  }
  return end;
}

std::optional<absl::Time> PoolSpace::CoolDownEnd(
    const IpAddress& address) const {
  const Rest* const rest = resting_.Find(address);
  if (rest == nullptr || EndOf(*rest) <= now_) return std::nullopt;
  return EndOf(*rest);
}

std::optional<IpAddress> PoolSpace::NextFree(IpFamily family) const {
  const absl::btree_set<size_t>& fresh = fresh_[net::FamilyIndex(family)];
  if (!fresh.empty()) {
    const Segment& segment = segments_[*fresh.begin()];
    return segment.space.AddressOf(segment.not_fresh.LowestMissing());
  }
  if (!by_use_) return std::nullopt;
  const std::optional<IpAddress> oldest = resting_.First(family);
  if (!oldest || CoolDownEnd(*oldest)) return std::nullopt;
  return oldest;
}

bool PoolSpace::HasFree(IpFamily family) const {
  return !fresh_[net::FamilyIndex(family)].empty() ||
         NextFree(family).has_value();
}

bool PoolSpace::HasFamily(IpFamily family) const {
  return (family == IpFamily::kIpv4 ? usage_.total_ipv4 : usage_.total_ipv6) >
         0;
}

void PoolSpace::AddSegment(const Pool& pool, const IpRange& range,
                           bool excluded) {
  const size_t segment = segments_.size();
  by_first_.emplace(range.first, segment);
  segments_.push_back({.family = range.family(),
                       .is_excluded = excluded,
                       .space = SlotSpace(range, pool.avoid_buggy_ips),
                       .not_fresh = {}});
  if (excluded) return;
  AddTo(range.first.is_ipv4() ? usage_.total_ipv4 : usage_.total_ipv6,
        segments_.back().space.size());
  NoteFresh(segment);
}

std::optional<PoolSpace::Slot> PoolSpace::SlotOf(
    const IpAddress& address) const {
  const std::optional<size_t> segment = SegmentOf(address);
  if (!segment || segments_[*segment].is_excluded) return std::nullopt;
  const auto number = segments_[*segment].space.SlotOf(address);
  if (!number) return std::nullopt;
  return Slot{*segment, *number};
}

void PoolSpace::SetFresh(const IpAddress& address, bool fresh) {
  const std::optional<Slot> slot = SlotOf(address);
  LB_CHECK(slot.has_value());
  HeldSlots& not_fresh = segments_[slot->segment].not_fresh;
  if (fresh) {
    not_fresh.Erase(slot->number);
  } else {
    not_fresh.Insert(slot->number);
  }
  NoteFresh(slot->segment);
}

void PoolSpace::EndRests() {
  const auto end_first = [&](IpFamily family) {
    const IpAddress first = *resting_.First(family);
    resting_.Erase(first);
    SetFresh(first, true);
  };
  for (const IpFamily family : kFamilies) {
    while (!by_use_ && resting_.First(family) &&
           !CoolDownEnd(*resting_.First(family))) {
      end_first(family);
    }
  }
  while (resting_.size() > kRestsMax) {
    const auto ipv4 = resting_.First(IpFamily::kIpv4);
    const auto ipv6 = resting_.First(IpFamily::kIpv6);
    const bool ipv4_first =
        ipv4 && (!ipv6 || resting_.Find(*ipv4)->freed_at <=
                              resting_.Find(*ipv6)->freed_at);
    if (CoolDownEnd(ipv4_first ? *ipv4 : *ipv6)) ++usage_.rests_cut_short;
    end_first(ipv4_first ? IpFamily::kIpv4 : IpFamily::kIpv6);
  }
}

void PoolSpace::NoteFresh(size_t index) {
  const Segment& segment = segments_[index];
  absl::btree_set<size_t>& fresh = fresh_[net::FamilyIndex(segment.family)];
  if (segment.not_fresh.size() < segment.space.size()) {
    fresh.insert(index);
  } else {
    fresh.erase(index);
  }
}

}  // namespace lb::ipam
