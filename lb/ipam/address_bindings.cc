#include "lb/ipam/address_bindings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/numeric/int128.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/net/ip_families.h"

namespace lb::ipam {

using net::FamilyIndex;

AddressBindings::Name::Name(std::string_view text)
    : bytes_(new char[text.size()]), size_(static_cast<uint32_t>(text.size())) {
  std::copy(text.begin(), text.end(), bytes_.get());
}

std::optional<Assignment> AddressBindings::Find(
    std::string_view service) const {
  const Entry* const entry = FindEntry(service);
  if (entry == nullptr) return std::nullopt;
  return AssignmentOf(*entry);
}

bool AddressBindings::Is(std::string_view service, const Assignment& assignment,
                         const SharingTerms& terms) const {
  const Entry* const entry = FindEntry(service);
  return entry != nullptr && terms_.Get(entry->terms) == terms &&
         AssignmentOf(*entry) == assignment;
}

void AddressBindings::ForEach(
    absl::FunctionRef<void(std::string_view, const Assignment&)> visit) const {
  for (const Id id : by_name_) {
    const Entry& entry = (*entries_)[id];
    visit(entry.name.view(), AssignmentOf(entry));
  }
}

std::vector<std::string> AddressBindings::HoldersOf(
    const net::IpAddress& address) const {
  std::vector<std::string> names;
  const size_t index = FamilyIndex(address.family());
  for (Id id = FirstHolder(address); id != kNone;
       id = (*entries_)[id].places[index].next) {
    names.emplace_back((*entries_)[id].name.view());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> AddressBindings::WhyTaken(
    const net::IpAddress& address, std::string_view service,
    const SharingTerms& terms) const {
  const Entry* obstacle = nullptr;  // The first by name, so all nodes name it.
  std::string why;
  const size_t index = FamilyIndex(address.family());
  for (Id id = FirstHolder(address); id != kNone;
       id = (*entries_)[id].places[index].next) {
    const Entry& holder = (*entries_)[id];
    if (holder.name.view() == service) continue;
    if (obstacle != nullptr && obstacle->name.view() < holder.name.view()) {
      continue;
    }
    if (auto reason = WhyNotShared(terms_.Get(holder.terms), terms)) {
      obstacle = &holder;
      why = *std::move(reason);
    }
  }
  if (obstacle == nullptr) return std::nullopt;
  return fmt::format("{} is held by {}: {}", address.ToString(),
                     obstacle->name.view(), why);
}

std::optional<SharingTerms> AddressBindings::TermsAt(
    const net::IpAddress& address) const {
  const Id first = FirstHolder(address);
  if (first == kNone) return std::nullopt;
  const SharingTerms& agreed = terms_.Get((*entries_)[first].terms);
  if (agreed.key.empty()) return std::nullopt;
  std::set<ServicePort> ports;
  const size_t index = FamilyIndex(address.family());
  for (Id id = first; id != kNone; id = (*entries_)[id].places[index].next) {
    const SharingTerms& terms = terms_.Get((*entries_)[id].terms);
    ports.insert(terms.ports.begin(), terms.ports.end());
  }
  return SharingTerms{.key = agreed.key,
                      .backend = agreed.backend,
                      .ports = {ports.begin(), ports.end()}};
}

void AddressBindings::Add(std::string_view service,
                          const Assignment& assignment,
                          const SharingTerms& terms) {
  LB_CHECK(!assignment.addresses.empty());
  LB_CHECK(entries_->size() < kNone);
  Id id = static_cast<Id>(entries_->size());
  if (unused_.empty()) {
    entries_->emplace_back();
  } else {
    id = unused_.back();
    unused_.pop_back();
  }
  Entry& entry = (*entries_)[id];
  entry.name = Name(service);
  entry.terms = terms_.Acquire(terms);
  LB_CHECK(by_name_.insert(id).second);
  for (const AssignedAddress& a : assignment.addresses) {
    Place& place = entry.places[FamilyIndex(a.address.family())];
    LB_CHECK(!place.is_held);
    place = {.is_held = true, .pool = pools_.Acquire(a.pool)};
    if (a.address.is_ipv4()) {
      entry.ipv4 = static_cast<uint32_t>(a.address.number());
    } else {
      entry.ipv6_high = absl::Uint128High64(a.address.number());
      entry.ipv6_low = absl::Uint128Low64(a.address.number());
    }
    Link(a.address, id);
  }
}

Assignment AddressBindings::Remove(std::string_view service) {
  const auto found = by_name_.find(service);
  LB_CHECK(found != by_name_.end());
  const Id id = *found;
  by_name_.erase(found);
  Entry& entry = (*entries_)[id];
  Assignment assignment = AssignmentOf(entry);
  for (const AssignedAddress& a : assignment.addresses) {
    Unlink(a.address, id);
    pools_.Release(entry.places[FamilyIndex(a.address.family())].pool);
  }
  terms_.Release(entry.terms);
  entry = Entry();
  unused_.push_back(id);
  return assignment;
}

void AddressBindings::SetPool(std::string_view service,
                              const net::IpAddress& address,
                              const std::string& pool) {
  const auto found = by_name_.find(service);
  LB_CHECK(found != by_name_.end());
  Place& place = (*entries_)[*found].places[FamilyIndex(address.family())];
  LB_CHECK(place.is_held);
  const auto old_pool = place.pool;
  place.pool = pools_.Acquire(pool);
  pools_.Release(old_pool);
}

net::IpAddress AddressBindings::AddressIn(const Entry& entry, size_t index) {
  if (index == 0) return net::IpAddress::Ipv4(entry.ipv4);
  return net::IpAddress::Ipv6(
      absl::MakeUint128(entry.ipv6_high, entry.ipv6_low));
}

Assignment AddressBindings::AssignmentOf(const Entry& entry) const {
  Assignment assignment;
  for (size_t index = 0; index < std::size(entry.places); ++index) {
    const Place& place = entry.places[index];
    if (!place.is_held) continue;
    assignment.addresses.push_back(
        {AddressIn(entry, index), pools_.Get(place.pool)});
  }
  return assignment;
}

AddressBindings::Id AddressBindings::FirstHolder(
    const net::IpAddress& address) const {
  if (address.is_ipv4()) {
    const auto found = ipv4_.find(static_cast<uint32_t>(address.number()));
    return found == ipv4_.end() ? kNone : found->second;
  }
  const auto found = ipv6_.find(address.number());
  return found == ipv6_.end() ? kNone : found->second;
}

void AddressBindings::SetFirstHolder(const net::IpAddress& address, Id id) {
  if (address.is_ipv4()) {
    const uint32_t number = static_cast<uint32_t>(address.number());
    if (id == kNone) {
      ipv4_.erase(number);
    } else {
      ipv4_[number] = id;
    }
  } else if (id == kNone) {
    ipv6_.erase(address.number());
  } else {
    ipv6_[address.number()] = id;
  }
}

const AddressBindings::Entry* AddressBindings::FindEntry(
    std::string_view service) const {
  const auto found = by_name_.find(service);
  return found == by_name_.end() ? nullptr : &(*entries_)[*found];
}

void AddressBindings::Link(const net::IpAddress& address, Id id) {
  (*entries_)[id].places[FamilyIndex(address.family())].next =
      FirstHolder(address);
  SetFirstHolder(address, id);
}

void AddressBindings::Unlink(const net::IpAddress& address, Id id) {
  const size_t index = FamilyIndex(address.family());
  const Id next = (*entries_)[id].places[index].next;
  Id before = FirstHolder(address);
  if (before == id) return SetFirstHolder(address, next);
  while (before != kNone && (*entries_)[before].places[index].next != id) {
    before = (*entries_)[before].places[index].next;
  }
  LB_CHECK(before != kNone);
  (*entries_)[before].places[index].next = next;
}

}  // namespace lb::ipam
