#include "lb/bgp/adj_rib_out.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"

namespace lb::bgp {
namespace {

constexpr net::IpFamily kFamilies[] = {net::IpFamily::kIpv4,
                                       net::IpFamily::kIpv6};

// The first `max` prefixes in order.
std::vector<net::IpPrefix> FirstOf(
    const absl::btree_set<net::IpPrefix>& prefixes, size_t max) {
  std::vector<net::IpPrefix> first;
  first.reserve(std::min(max, prefixes.size()));
  for (const net::IpPrefix& prefix : prefixes) {
    if (first.size() == max) break;
    first.push_back(prefix);
  }
  return first;
}

}  // namespace

void AdjRibOut::Replace(const RouteSet& wanted) {
  std::vector<Change> changes;
  auto next = wanted.begin();
  for (const net::IpFamily family : kFamilies) {
    CollectChanges(family, wanted, next, changes);
  }
  for (const Change& change : changes) Apply(change);
}

void AdjRibOut::CollectChanges(net::IpFamily family, const RouteSet& wanted,
                               RouteSet::Map::const_iterator& next,
                               std::vector<Change>& changes) const {
  const Entries& entries = of(family).entries;
  auto entry = entries.begin();
  while (true) {
    const bool has_next =
        next != wanted.end() && next->first.address.family() == family;
    const bool has_entry = entry != entries.end();
    if (!has_next && !has_entry) return;
    if (!has_next || (has_entry && entry->first < next->first)) {
      if (entry->second.wanted != nullptr) changes.push_back({entry->first});
      ++entry;
    } else if (!has_entry || next->first < entry->first) {
      changes.push_back({next->first, &next->second});
      ++next;
    } else {
      const Told* const now = entry->second.wanted;
      if (now == nullptr || now->first != next->second) {
        changes.push_back({next->first, &next->second});
      }
      ++entry;
      ++next;
    }
  }
}

void AdjRibOut::Set(const Route& route) {
  Apply({NetworkOf(route.prefix), &route.attributes});
}

void AdjRibOut::Erase(const net::IpPrefix& prefix) {
  Apply({NetworkOf(prefix), nullptr});
}

void AdjRibOut::Apply(const Change& change) {
  Family& family = of(change.prefix.address.family());
  auto it = family.entries.find(change.prefix);
  if (it == family.entries.end()) {
    if (change.attributes == nullptr) return;
    it = family.entries.try_emplace(change.prefix).first;
  }
  Entry& entry = it->second;
  Unlist(change.prefix, entry);
  Told* const before = entry.wanted;
  entry.wanted =
      change.attributes == nullptr ? nullptr : Acquire(*change.attributes);
  const size_t less = before == nullptr ? 0 : 1;
  const size_t more = entry.wanted == nullptr ? 0 : 1;
  family.counts.wanted = family.counts.wanted - less + more;
  // A route that goes keeps the mark: it may be back before it is withdrawn.
  if (entry.resend) {
    family.counts.resends = family.counts.resends - less + more;
  }
  List(change.prefix, entry);
  if (before != nullptr) Release(before);
  EraseIfUnused(family, it);
}

void AdjRibOut::Open(net::IpFamily of_family) {
  Family& family = of(of_family);
  LB_CHECK(!family.open);
  for (auto& [prefix, entry] : family.entries) Unlist(prefix, entry);
  family.open = true;
  for (auto& [prefix, entry] : family.entries) {
    MarkResend(family, entry);
    List(prefix, entry);
  }
}

void AdjRibOut::Close(net::IpFamily of_family) {
  Family& family = of(of_family);
  for (auto& [prefix, entry] : family.entries) Unlist(prefix, entry);
  family.open = false;
  for (auto& [prefix, entry] : family.entries) {
    ClearResend(family, entry);
    List(prefix, entry);
  }
}

void AdjRibOut::Forget() {
  for (const net::IpFamily of_family : kFamilies) {
    Close(of_family);
    const std::vector<net::IpPrefix> told =
        OwedWithdrawals(of_family, of(of_family).withdrawals.size());
    ToldWithdrawals(told);
  }
}

void AdjRibOut::Resend(net::IpFamily of_family) {
  Family& family = of(of_family);
  if (!family.open) return;
  for (auto& [prefix, entry] : family.entries) {
    Unlist(prefix, entry);
    MarkResend(family, entry);
    List(prefix, entry);
  }
}

AdjRibOut::Counts AdjRibOut::counts(net::IpFamily family) const {
  return of(family).counts;
}

size_t AdjRibOut::owed() const {
  size_t owed = 0;
  for (const Family& family : families_) {
    owed += family.counts.withdrawals + family.counts.announcements;
  }
  return owed;
}

std::vector<net::IpPrefix> AdjRibOut::OwedWithdrawals(net::IpFamily family,
                                                      size_t max) const {
  return FirstOf(of(family).withdrawals, max);
}

void AdjRibOut::ToldWithdrawals(absl::Span<const net::IpPrefix> prefixes) {
  for (const net::IpPrefix& prefix : prefixes) {
    Family& family = of(prefix.address.family());
    const auto it = family.entries.find(prefix);
    LB_CHECK(it != family.entries.end() && it->second.told != nullptr);
    Unlist(prefix, it->second);
    Release(std::exchange(it->second.told, nullptr));
    --family.counts.told;
    ClearResend(family, it->second);
    List(prefix, it->second);
    EraseIfUnused(family, it);
  }
}

AdjRibOut::Group AdjRibOut::OwedAnnouncements(net::IpFamily family, size_t max,
                                              uint64_t from) const {
  const auto& sets = of(family).owed_sets;
  const auto set = sets.lower_bound(from);
  if (set == sets.end()) return {};
  const Told& first = *set->second;
  return {&first.first,
          FirstOf(first.second.owed[net::FamilyIndex(family)], max),
          set->first};
}

void AdjRibOut::ToldAnnouncements(absl::Span<const net::IpPrefix> prefixes) {
  for (const net::IpPrefix& prefix : prefixes) {
    Family& family = of(prefix.address.family());
    const auto it = family.entries.find(prefix);
    LB_CHECK(it != family.entries.end() && it->second.wanted != nullptr);
    Entry& entry = it->second;
    Unlist(prefix, entry);
    ++entry.wanted->second.users;
    Told* const before = std::exchange(entry.told, entry.wanted);
    if (before == nullptr) {
      ++family.counts.told;
    } else {
      Release(before);
    }
    ClearResend(family, entry);
    List(prefix, entry);
  }
}

AdjRibOut::Told* AdjRibOut::Acquire(const PathAttributes& attributes) {
  const auto [it, is_new] = attribute_sets_.try_emplace(attributes);
  if (is_new) it->second.number = next_number_++;
  ++it->second.users;
  return &*it;
}

void AdjRibOut::Release(Told* told) {
  LB_CHECK(told->second.users > 0);
  if (--told->second.users == 0) {
    attribute_sets_.erase(attribute_sets_.find(told->first));
  }
}

void AdjRibOut::Unlist(const net::IpPrefix& prefix, Entry& entry) {
  if (!entry.owed) return;
  entry.owed = false;
  const net::IpFamily of_family = prefix.address.family();
  Family& family = of(of_family);
  if (!family.open || entry.wanted == nullptr) {
    family.withdrawals.erase(prefix);
    --family.counts.withdrawals;
    return;
  }
  AttributeSet& set = entry.wanted->second;
  auto& owed = set.owed[net::FamilyIndex(of_family)];
  owed.erase(prefix);
  if (owed.empty()) family.owed_sets.erase(set.number);
  --family.counts.announcements;
}

void AdjRibOut::List(const net::IpPrefix& prefix, Entry& entry) {
  const net::IpFamily of_family = prefix.address.family();
  Family& family = of(of_family);
  if (!family.open || entry.wanted == nullptr) {
    if (entry.told == nullptr) return;
    entry.owed = true;
    family.withdrawals.insert(prefix);
    ++family.counts.withdrawals;
    return;
  }
  if (entry.told == entry.wanted && !entry.resend) return;
  entry.owed = true;
  AttributeSet& set = entry.wanted->second;
  set.owed[net::FamilyIndex(of_family)].insert(prefix);
  family.owed_sets.try_emplace(set.number, entry.wanted);
  ++family.counts.announcements;
}

void AdjRibOut::MarkResend(Family& family, Entry& entry) {
  if (entry.resend) return;
  entry.resend = true;
  if (entry.wanted != nullptr) ++family.counts.resends;
}

void AdjRibOut::ClearResend(Family& family, Entry& entry) {
  if (!entry.resend) return;
  entry.resend = false;
  if (entry.wanted != nullptr) --family.counts.resends;
}

void AdjRibOut::EraseIfUnused(Family& family, Entries::iterator entry) {
  if (entry->second.told == nullptr && entry->second.wanted == nullptr) {
    family.entries.erase(entry);
  }
}

}  // namespace lb::bgp
