#include "lb/ipam/pool_set.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/label_selector.h"
#include "lb/net/ip_families.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpFamily;

// Pools that sort lower are tried first.
auto OrderOf(const Pool& pool) {
  const bool is_general = !pool.service_allocation.has_value();
  int priority = is_general ? 0 : pool.service_allocation->priority;
  if (priority == 0) priority = std::numeric_limits<int>::max();
  return std::tuple(is_general, priority, std::string_view(pool.name));
}

// Index into PoolSet::free_.
size_t FreeIndex(absl::Span<const IpFamily> families) {
  if (families.size() == 2) return 2;
  LB_CHECK(families.size() == 1);
  return net::FamilyIndex(families.front());
}

constexpr size_t kOpenGate = 0;

std::string LabelGate(std::string_view kind, const Labels::value_type& label) {
  return fmt::format("{}:{}={}", kind, label.first, label.second);
}

// The names of the gates of a pool; none: it is behind the open one. A service
// to which the pool is open has at least one of them.
std::vector<std::string> GateNamesOf(const Pool& pool) {
  std::vector<std::string> names;
  if (!pool.service_allocation) return names;
  const ServiceAllocation& to = *pool.service_allocation;
  const bool by_namespace =
      !to.namespaces.empty() || !to.namespace_selectors.empty();
  for (const std::string& name : to.namespaces) names.push_back("in:" + name);
  for (const LabelSelector& selector :
       by_namespace ? to.namespace_selectors : to.service_selectors) {
    if (selector.match_labels.empty()) return {};
    names.push_back(LabelGate(by_namespace ? "namespace" : "service",
                              *selector.match_labels.begin()));
  }
  return names;
}

}  // namespace

PoolSet::PoolSet(std::vector<Pool> pools)
    : pools_(std::move(pools)), gates_(kOpenGate + 1) {
  std::sort(pools_.begin(), pools_.end(), [](const Pool& a, const Pool& b) {
    return OrderOf(a) < OrderOf(b);
  });
  spaces_.reserve(pools_.size());
  gates_of_.resize(pools_.size());
  end_of_.resize(pools_.size(), absl::InfiniteFuture());
  for (size_t rank = 0; rank < pools_.size(); ++rank) {
    const Pool& pool = pools_[rank];
    spaces_.emplace_back(pool);
    LB_CHECK(by_name_.emplace(pool.name, rank).second);
    for (const net::IpRange& range : pool.ranges) {
      by_first_.emplace(range.first, Place{range.last, rank});
    }
    for (const Reservation& reservation : pool.reservations) {
      reserved_.emplace(reservation.address, reservation.name);
      auto& addresses = reserved_as_[reservation.name];
      addresses.push_back(reservation.address);
      std::sort(addresses.begin(), addresses.end());
    }
    for (const std::string& name : GateNamesOf(pool)) {
      gates_of_[rank].push_back(GateNamed(name));
    }
    if (gates_of_[rank].empty()) gates_of_[rank] = {kOpenGate};
    NoteFree(rank);
  }
}

std::optional<size_t> PoolSet::FindByName(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<size_t> PoolSet::FindByAddress(
    const net::IpAddress& address) const {
  const auto after = by_first_.upper_bound(address);
  if (after == by_first_.begin()) return std::nullopt;
  const Place& place = std::prev(after)->second;
  if (address > place.last) return std::nullopt;
  return place.rank;
}

bool PoolSet::GivesOut(const net::IpAddress& address) const {
  const std::optional<size_t> rank = FindByAddress(address);
  return rank && spaces_[*rank].GivesOut(address);
}

const std::string* PoolSet::ReservedFor(const net::IpAddress& address) const {
  const auto found = reserved_.find(address);
  return found == reserved_.end() ? nullptr : &found->second;
}

std::vector<net::IpAddress> PoolSet::ReservedAs(std::string_view name) const {
  const auto found = reserved_as_.find(name);
  if (found == reserved_as_.end()) return {};
  return found->second;
}

void PoolSet::Take(const net::IpAddress& address) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->Take(address);
  NoteFree(rank);
}

void PoolSet::Free(const net::IpAddress& address, Rest rest) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->Free(address, std::move(rest));
  NoteFree(rank);
}

void PoolSet::Remember(const net::IpAddress& address, Rest rest) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->Remember(address, std::move(rest));
  NoteFree(rank);
}

void PoolSet::Forget(const net::IpAddress& address) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->Forget(address);
  NoteFree(rank);
}

void PoolSet::EndRest(const net::IpAddress& address) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->EndRest(address);
  NoteFree(rank);
}

void PoolSet::AddHosts(const net::IpAddress& address, bool is_held) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->AddHosts(address, is_held);
  NoteFree(rank);
}

void PoolSet::RemoveHosts(const net::IpAddress& address) {
  size_t rank = 0;
  PoolSpace* const space = SpaceOf(address, &rank);
  if (space == nullptr) return;
  space->RemoveHosts(address);
  NoteFree(rank);
}

void PoolSet::AdvanceTo(absl::Time now) {
  while (!ends_.empty() && ends_.begin()->first <= now) {
    const size_t rank = ends_.begin()->second;
    spaces_[rank].AdvanceTo(now);
    NoteFree(rank);
  }
}

absl::Time PoolSet::NextCoolDownEnd() const {
  return ends_.empty() ? absl::InfiniteFuture() : ends_.begin()->first;
}

PoolSet::Gates PoolSet::GatesFor(const ServiceRequest& request) const {
  Gates gates = {kOpenGate};
  if (gate_names_.empty()) return gates;
  const auto add = [&](const std::string& name) {
    const auto found = gate_names_.find(name);
    if (found != gate_names_.end()) gates.push_back(found->second);
  };
  add("in:" + request.service_namespace);
  for (const auto& label : request.namespace_labels) {
    add(LabelGate("namespace", label));
  }
  for (const auto& label : request.labels) add(LabelGate("service", label));
  return gates;
}

std::optional<size_t> PoolSet::NextWithFree(const Gates& gates,
                                            absl::Span<const IpFamily> families,
                                            size_t from) const {
  std::optional<size_t> next;
  for (const size_t gate : gates) {
    if (gate >= gates_.size()) continue;  // There are no pools at all.
    const absl::btree_set<size_t>& free =
        gates_[gate].free[FreeIndex(families)];
    const auto found = free.lower_bound(from);
    if (found != free.end() && (!next || *found < *next)) next = *found;
  }
  return next;
}

size_t PoolSet::GateNamed(const std::string& name) {
  const auto [gate, is_new] = gate_names_.try_emplace(name, gates_.size());
  if (is_new) gates_.emplace_back();
  return gate->second;
}

PoolSpace* PoolSet::SpaceOf(const net::IpAddress& address, size_t* rank) {
  const std::optional<size_t> found = FindByAddress(address);
  if (!found || !spaces_[*found].GivesOut(address)) return nullptr;
  *rank = *found;
  return &spaces_[*found];
}

void PoolSet::NoteFree(size_t rank) {
  const PoolSpace& space = spaces_[rank];
  const absl::Time end = space.NextCoolDownEnd();
  if (end != end_of_[rank]) {
    ends_.erase({end_of_[rank], rank});
    if (end < absl::InfiniteFuture()) ends_.emplace(end, rank);
    end_of_[rank] = end;
  }
  if (!pools_[rank].auto_assign) return;
  const bool ipv4 = space.HasFree(IpFamily::kIpv4);
  const bool ipv6 = space.HasFree(IpFamily::kIpv6);
  const bool has[] = {ipv4, ipv6, ipv4 && ipv6};
  for (const size_t gate : gates_of_[rank]) {
    for (size_t index = 0; index < std::size(has); ++index) {
      absl::btree_set<size_t>& free = gates_[gate].free[index];
      if (has[index]) {
        free.insert(rank);
      } else {
        free.erase(rank);
      }
    }
  }
}

}  // namespace lb::ipam
