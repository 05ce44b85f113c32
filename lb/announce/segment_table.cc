#include "lb/announce/segment_table.h"

#include <utility>

#include "lb/announce/reception.h"
#include "lb/base/check.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

// Probes for an address of IPv6 go to its group.
absl::btree_set<net::IpAddress> GroupsOf(const Segment& segment) {
  absl::btree_set<net::IpAddress> groups;
  for (const auto* heard : {&segment.held(), &segment.released().heard()}) {
    for (const net::IpAddress& vip : *heard) {
      if (vip.is_ipv6()) groups.insert(net::SolicitedNodeGroup(vip));
    }
  }
  return groups;
}

}  // namespace

SegmentTable::SegmentTable(const ScheduleOptions* schedule_options,
                           const ClaimOptions* claim_options,
                           const Demand* demand, Prng prng)
    : schedule_options_(schedule_options),
      claim_options_(claim_options),
      demand_(demand),
      prng_(std::move(prng)) {}

absl::btree_set<std::string> SegmentTable::Match(
    absl::Span<const Interface> interfaces) {
  groups_stale_ = true;
  absl::btree_set<std::string> usable;
  for (const Interface& interface : interfaces) {
    usable.insert(interface.name);
    const auto it = entries_.find(interface.name);
    if (it == entries_.end()) {
      entries_.try_emplace(
          interface.name,
          Entry{.segment = Segment(*schedule_options_, claim_options_, demand_,
                                   interface, prng_.Fork(interface.name)),
                .groups = {}});
      continue;
    }
    Entry& entry = it->second;
    const Interface& before = entry.segment.interface();
    if (before.index != interface.index || before.mac != interface.mac) {
      entry.groups.clear();  // They were the old interface's.
    }
    entry.segment.SetInterface(interface);
  }
  std::erase_if(entries_, [&](const auto& named) {
    return !usable.contains(named.first);
  });
  return usable;
}

Segment* SegmentTable::Find(std::string_view interface) {
  const auto it = entries_.find(interface);
  return it == entries_.end() ? nullptr : &it->second.segment;
}

const Segment* SegmentTable::Find(std::string_view interface) const {
  const auto it = entries_.find(interface);
  return it == entries_.end() ? nullptr : &it->second.segment;
}

Segment& SegmentTable::At(std::string_view interface) {
  Segment* const segment = Find(interface);
  LB_CHECK(segment != nullptr);
  return *segment;
}

const Segment& SegmentTable::At(std::string_view interface) const {
  const Segment* const segment = Find(interface);
  LB_CHECK(segment != nullptr);
  return *segment;
}

void SegmentTable::HearReleased(Segment& segment,
                                const net::NeighborPacket& packet) const {
  const auto& heard = segment.released().heard();
  if (heard.empty()) return;
  const Reception reception = Receive(segment.interface().mac, heard, packet);
  if (!reception.is_rival) return;
  for (const auto& [name, entry] : entries_) {
    if (entry.segment.interface().mac == reception.mac) return;  // Our own.
  }
  segment.released().OnRival(reception.vip);
}

void SegmentTable::ExpireReleased(absl::Time now) {
  for (auto& [name, entry] : entries_) {
    if (!entry.segment.released().Expire(now)) continue;
    groups_stale_ = true;
    hearing_stale_ = true;
  }
}

void SegmentTable::Rest(absl::Time now) {
  for (auto& [name, entry] : entries_) {
    entry.segment.Rest(now);
    entry.segment.TakeChanges();
  }
  // Nothing is listened for that is not wanted.
  groups_stale_ = true;
  hearing_stale_ = true;
}

std::vector<GroupChange> SegmentTable::TakeGroups() {
  std::vector<GroupChange> changes;
  if (!std::exchange(groups_stale_, false)) return changes;
  for (auto& [name, entry] : entries_) {
    absl::btree_set<net::IpAddress> wanted = GroupsOf(entry.segment);
    for (const net::IpAddress& group : wanted) {
      if (entry.groups.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kJoin});
    }
    for (const net::IpAddress& group : entry.groups) {
      if (wanted.contains(group)) continue;
      changes.push_back({name, group, GroupChange::Action::kLeave});
    }
    entry.groups = std::move(wanted);
  }
  return changes;
}

}  // namespace lb::announce
