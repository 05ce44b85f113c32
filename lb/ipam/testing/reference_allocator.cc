#include "lb/ipam/testing/reference_allocator.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "lb/base/label_selector.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;

IpAddress Next(const IpAddress& address) {
  return address.is_ipv4()
             ? IpAddress::Ipv4(static_cast<uint32_t>(address.number()) + 1)
             : IpAddress::Ipv6(address.number() + 1);
}

// Every address that the pool gives out, in the order of its ranges.
std::vector<IpAddress> AddressesOf(const Pool& pool) {
  std::vector<IpAddress> all;
  for (const net::IpRange& range : pool.ranges) {
    for (IpAddress a = range.first; a <= range.last; a = Next(a)) {
      const std::string text = a.ToString();
      const bool is_buggy =
          a.is_ipv4() && (text.ends_with(".0") || text.ends_with(".255"));
      const bool is_excluded =
          std::any_of(pool.excluded.begin(), pool.excluded.end(),
                      [&](const auto& range) { return range.Contains(a); });
      if (is_excluded || (pool.avoid_buggy_ips && is_buggy)) continue;
      all.push_back(a);
    }
  }
  return all;
}

bool IsOpen(const Pool& pool, const ServiceRequest& request) {
  if (!pool.service_allocation) return true;
  const ServiceAllocation& to = *pool.service_allocation;
  bool in_namespace = to.namespaces.empty() && to.namespace_selectors.empty();
  for (const std::string& name : to.namespaces) {
    in_namespace = in_namespace || name == request.service_namespace;
  }
  for (const LabelSelector& selector : to.namespace_selectors) {
    in_namespace = in_namespace || selector.Matches(request.namespace_labels);
  }
  bool matches = to.service_selectors.empty();
  for (const LabelSelector& selector : to.service_selectors) {
    matches = matches || selector.Matches(request.labels);
  }
  return in_namespace && matches;
}

bool MayShare(const ServiceRequest& a, const ServiceRequest& b) {
  if (a.sharing_key.empty() || a.sharing_key != b.sharing_key) return false;
  if (a.backend_key != b.backend_key) return false;
  for (const ServicePort& port : a.ports) {
    for (const ServicePort& other : b.ports) {
      if (port == other) return false;
    }
  }
  return true;
}

// The families wanted in order, and how many of them at least and at most.
struct Wanted {
  std::vector<IpFamily> order;
  size_t min, max;
};

Wanted WantedBy(const ServiceRequest& request) {
  const bool ipv6_first =
      !request.families.empty() && request.families[0] == IpFamily::kIpv6;
  std::vector<IpFamily> both = {IpFamily::kIpv4, IpFamily::kIpv6};
  if (ipv6_first) both = {IpFamily::kIpv6, IpFamily::kIpv4};
  switch (request.family_policy) {
    case FamilyPolicy::kSingleStack:
      if (request.families.empty()) return {both, 1, 1};
      return {{both[0]}, 1, 1};
    case FamilyPolicy::kPreferDualStack:
      if (request.families.size() == 1) return {{both[0]}, 1, 1};
      return {both, 1, 2};
    case FamilyPolicy::kRequireDualStack:
      return {both, 2, 2};
  }
  return {};
}

}  // namespace

void ReferenceAllocator::SetPools(std::vector<Pool> pools) {
  ForgetFreed();
  pools_ = std::move(pools);
  std::sort(pools_.begin(), pools_.end(), [](const Pool& a, const Pool& b) {
    const bool a_pinned = a.service_allocation.has_value();
    const bool b_pinned = b.service_allocation.has_value();
    if (a_pinned != b_pinned) return a_pinned;
    if (a_pinned) {
      const int pa = a.service_allocation->priority;
      const int pb = b.service_allocation->priority;
      if (pa != pb) return pb == 0 || (pa != 0 && pa < pb);
    }
    return a.name < b.name;
  });
  for (auto& [service, held] : held_) {
    for (auto& [address, name] : held.pools) {
      for (const Pool& pool : pools_) {
        for (const net::IpRange& range : pool.ranges) {
          if (range.Contains(address)) name = pool.name;
        }
      }
    }
  }
  ForgetFreed();
}

void ReferenceAllocator::SetTaken(TakenAddresses taken) {
  taken_ = std::move(taken);
  ForgetFreed();
}

void ReferenceAllocator::AdvanceTo(absl::Time now) {
  now_ = std::max(now_, now);
  ForgetFreed();
}

void ReferenceAllocator::ForgetFreed() {
  std::erase_if(freed_, [&](const auto& address_rest) {
    const IpAddress& address = address_rest.first;
    const Pool* const pool = PoolOf(address);
    return pool == nullptr || !ReservedFor(address).empty() ||
           taken_.contains(address) ||
           (pool->order == AddressOrder::kLowest && !CoolsDown(address));
  });
}

void ReferenceAllocator::Set(const std::string& service, Held held) {
  const Held old = held_[service];
  held_[service] = std::move(held);
  if (held_[service].pools.empty()) held_.erase(service);
  for (const auto& [address, pool] : old.pools) {
    if (!IsHeld(address)) freed_[address] = {now_, service};
  }
  std::erase_if(freed_, [&](const auto& address_rest) {
    return IsHeld(address_rest.first);
  });
  ForgetFreed();
}

bool ReferenceAllocator::IsHeld(const IpAddress& address) const {
  return std::any_of(held_.begin(), held_.end(), [&](const auto& entry) {
    return entry.second.pools.contains(address);
  });
}

const Pool* ReferenceAllocator::PoolOf(const IpAddress& address) const {
  for (const Pool& pool : pools_) {
    const std::vector<IpAddress> all = AddressesOf(pool);
    if (std::count(all.begin(), all.end(), address) > 0) return &pool;
  }
  return nullptr;
}

std::string ReferenceAllocator::ReservedFor(const IpAddress& address) const {
  for (const Pool& pool : pools_) {
    for (const Reservation& reservation : pool.reservations) {
      if (reservation.address == address) return reservation.name;
    }
  }
  return "";
}

bool ReferenceAllocator::CoolsDown(const IpAddress& address) const {
  const auto freed = freed_.find(address);
  return freed != freed_.end() &&
         freed->second.freed_at + PoolOf(address)->cool_down > now_;
}

bool ReferenceAllocator::MayHold(const ServiceRequest& request,
                                 const IpAddress& address) const {
  for (const auto& [service, held] : held_) {
    if (service != request.service && held.pools.contains(address) &&
        !MayShare(held.request, request)) {
      return false;
    }
  }
  return true;
}

std::optional<IpAddress> ReferenceAllocator::First(
    const Pool& pool, const ServiceRequest& request, IpFamily family) const {
  if (!IsOpen(pool, request)) return std::nullopt;
  std::vector<std::pair<absl::Time, IpAddress>> used;
  for (const IpAddress& address : AddressesOf(pool)) {
    if (address.family() != family || !ReservedFor(address).empty()) continue;
    if (taken_.contains(address)) continue;
    const auto freed = freed_.find(address);
    if (freed == freed_.end() && MayHold(request, address)) return address;
    if (freed != freed_.end() && !CoolsDown(address)) {
      used.emplace_back(freed->second.freed_at, address);
    }
  }
  if (used.empty()) return std::nullopt;
  return std::min_element(used.begin(), used.end())->second;
}

std::optional<ReferenceAllocator::Chosen> ReferenceAllocator::ChooseExactly(
    const ServiceRequest& request, const std::vector<IpAddress>& addresses,
    bool is_promised) const {
  Chosen chosen;
  for (const IpAddress& address : addresses) {
    for (const auto& [other, pool] : chosen) {
      if (other.family() == address.family()) return std::nullopt;
    }
    const std::string asked = is_promised ? "" : request.requested_pool;
    if (!MayHold(request, address)) return std::nullopt;
    if (const auto own = held_.find(request.service);
        own != held_.end() && own->second.pools.contains(address) &&
        (asked.empty() || asked == own->second.pools.at(address))) {
      chosen[address] = own->second.pools.at(address);
      continue;
    }
    const Pool* const pool = PoolOf(address);
    if (pool == nullptr || !IsOpen(*pool, request)) return std::nullopt;
    if (!asked.empty() && asked != pool->name) return std::nullopt;
    const std::string name = ReservedFor(address);
    if (!name.empty() && name != request.reservation &&
        name != request.service) {
      return std::nullopt;
    }
    if (!is_promised && taken_.contains(address)) return std::nullopt;
    if (!is_promised && CoolsDown(address) &&
        freed_.at(address).last_holder != request.service) {
      return std::nullopt;
    }
    chosen[address] = pool->name;
  }
  return chosen;
}

ReferenceAllocator::Chosen ReferenceAllocator::ChooseKept(
    const ServiceRequest& request) const {
  Chosen chosen;
  const auto held = held_.find(request.service);
  if (held == held_.end()) return chosen;
  const Wanted wanted = WantedBy(request);
  for (const IpFamily family : wanted.order) {
    for (const auto& [address, pool] : held->second.pools) {
      if (address.family() == family && chosen.size() < wanted.max &&
          (request.requested_pool.empty() || request.requested_pool == pool) &&
          MayHold(request, address)) {
        chosen[address] = pool;
      }
    }
  }
  return chosen;
}

void ReferenceAllocator::AddMissing(const ServiceRequest& request,
                                    Chosen& chosen) const {
  const Wanted wanted = WantedBy(request);
  std::vector<Pool> candidates;
  for (const Pool& pool : pools_) {
    const bool is_candidate = request.requested_pool.empty()
                                  ? pool.auto_assign
                                  : pool.name == request.requested_pool;
    if (is_candidate) candidates.push_back(pool);
  }
  if (wanted.max == 2 && chosen.empty()) {
    for (const Pool& pool : candidates) {
      const auto ipv4 = First(pool, request, IpFamily::kIpv4);
      const auto ipv6 = First(pool, request, IpFamily::kIpv6);
      if (!ipv4 || !ipv6) continue;
      chosen[*ipv4] = chosen[*ipv6] = pool.name;
      return;
    }
  }
  for (const IpFamily family : wanted.order) {
    if (chosen.size() == wanted.max) return;
    const bool has_family = std::any_of(
        chosen.begin(), chosen.end(),
        [&](const auto& entry) { return entry.first.family() == family; });
    if (has_family) continue;
    std::vector<Pool> in_turn = candidates;
    for (const Pool& pool : pools_) {
      if (!chosen.empty() && pool.name == chosen.begin()->second) {
        in_turn.insert(in_turn.begin(), pool);
        break;
      }
    }
    for (const Pool& pool : in_turn) {
      if (const auto address = First(pool, request, family)) {
        chosen[*address] = pool.name;
        break;
      }
    }
  }
}

void ReferenceAllocator::AddReserved(const ServiceRequest& request,
                                     Chosen& chosen) const {
  const Wanted wanted = WantedBy(request);
  for (const IpFamily family : wanted.order) {
    for (const Pool& pool : pools_) {
      for (const auto& [name, address] : pool.reservations) {
        const bool has_family = std::any_of(
            chosen.begin(), chosen.end(),
            [&](const auto& entry) { return entry.first.family() == family; });
        if (name != request.service || address.family() != family ||
            has_family || chosen.size() == wanted.max) {
          continue;
        }
        const auto reserved = ChooseExactly(request, {address}, false);
        if (reserved) chosen[address] = pool.name;
      }
    }
  }
}

std::optional<ReferenceAllocator::Chosen> ReferenceAllocator::Choose(
    const ServiceRequest& request) const {
  const Wanted wanted = WantedBy(request);
  std::vector<IpAddress> asked = request.requested_addresses;
  if (!asked.empty() && !request.reservation.empty()) return std::nullopt;
  for (const IpAddress& address : asked) {
    const auto count =
        std::count(wanted.order.begin(), wanted.order.end(), address.family());
    if (count == 0) return std::nullopt;
  }
  for (const IpFamily family : wanted.order) {
    for (const Pool& pool : pools_) {
      for (const auto& [name, address] : pool.reservations) {
        if (!request.reservation.empty() && name == request.reservation &&
            address.family() == family && asked.size() < wanted.max) {
          asked.push_back(address);
        }
      }
    }
  }
  if (!asked.empty() || !request.reservation.empty()) {
    if (asked.size() < wanted.min) return std::nullopt;
    return ChooseExactly(request, asked, false);
  }
  Chosen chosen = ChooseKept(request);
  AddReserved(request, chosen);
  AddMissing(request, chosen);
  if (chosen.size() < wanted.min) return std::nullopt;
  return chosen;
}

std::optional<Assignment> ReferenceAllocator::Assign(
    const ServiceRequest& request) {
  const std::optional<Chosen> chosen = Choose(request);
  if (!chosen) return std::nullopt;
  Set(request.service, {request, *chosen});
  Assignment assignment;
  for (const auto& [address, pool] : *chosen) {
    assignment.addresses.push_back({address, pool});
  }
  return assignment;
}

bool ReferenceAllocator::Hold(const ServiceRequest& request,
                              const std::vector<IpAddress>& addresses) {
  const auto chosen = ChooseExactly(request, addresses, true);
  if (!chosen) return false;
  Set(request.service, {request, *chosen});
  return true;
}

}  // namespace lb::ipam
