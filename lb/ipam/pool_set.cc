#include "lb/ipam/pool_set.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include "lb/base/check.h"

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
  return families.front() == IpFamily::kIpv4 ? 0 : 1;
}

}  // namespace

PoolSet::PoolSet(std::vector<Pool> pools) : pools_(std::move(pools)) {
  std::sort(pools_.begin(), pools_.end(), [](const Pool& a, const Pool& b) {
    return OrderOf(a) < OrderOf(b);
  });
  spaces_.reserve(pools_.size());
  for (size_t rank = 0; rank < pools_.size(); ++rank) {
    const Pool& pool = pools_[rank];
    spaces_.emplace_back(pool);
    LB_CHECK(by_name_.emplace(pool.name, rank).second);
    for (size_t range = 0; range < pool.ranges.size(); ++range) {
      const net::IpRange& r = pool.ranges[range];
      by_first_.emplace(r.first, Place{r.last, rank, range});
    }
    UpdateFree(rank);
  }
}

std::optional<size_t> PoolSet::FindByName(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<size_t> PoolSet::FindByAddress(
    const net::IpAddress& address) const {
  const Place* const place = Find(address);
  if (place == nullptr) return std::nullopt;
  return place->rank;
}

std::optional<size_t> PoolSet::RangeOf(const net::IpAddress& address) const {
  const Place* const place = Find(address);
  if (place == nullptr) return std::nullopt;
  return place->range;
}

bool PoolSet::GivesOut(const net::IpAddress& address) const {
  const Place* const place = Find(address);
  return place != nullptr &&
         spaces_[place->rank].GivesOut(place->range, address);
}

void PoolSet::Take(const net::IpAddress& address) {
  if (!GivesOut(address)) return;
  const Place* const place = Find(address);
  spaces_[place->rank].Take(place->range, address);
  UpdateFree(place->rank);
}

void PoolSet::Free(const net::IpAddress& address) {
  if (!GivesOut(address)) return;
  const Place* const place = Find(address);
  spaces_[place->rank].Free(place->range, address);
  UpdateFree(place->rank);
}

std::optional<size_t> PoolSet::NextWithFree(absl::Span<const IpFamily> families,
                                            size_t from) const {
  const absl::btree_set<size_t>& free = free_[FreeIndex(families)];
  const auto next = free.lower_bound(from);
  if (next == free.end()) return std::nullopt;
  return *next;
}

const PoolSet::Place* PoolSet::Find(const net::IpAddress& address) const {
  const auto after = by_first_.upper_bound(address);
  if (after == by_first_.begin()) return nullptr;
  const Place& place = std::prev(after)->second;
  return address <= place.last ? &place : nullptr;
}

void PoolSet::UpdateFree(size_t rank) {
  if (!pools_[rank].auto_assign) return;
  const bool ipv4 = spaces_[rank].HasFree(IpFamily::kIpv4);
  const bool ipv6 = spaces_[rank].HasFree(IpFamily::kIpv6);
  const bool has[] = {ipv4, ipv6, ipv4 && ipv6};
  for (size_t index = 0; index < std::size(has); ++index) {
    if (has[index]) {
      free_[index].insert(rank);
    } else {
      free_[index].erase(rank);
    }
  }
}

}  // namespace lb::ipam
