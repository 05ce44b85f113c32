#include "lb/ipam/pool_validation.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/pool_space.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

// An accepted range, by its first address.
struct Taken {
  net::IpRange range;
  std::string_view pool;
};
using TakenRanges = absl::btree_map<net::IpAddress, Taken>;

absl::Status Refuse(const Pool& pool, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("IPAddressPool/{}: {}", pool.name, what));
}

// The taken range with the lowest address that `range` overlaps, if any.
const Taken* FindOverlap(const TakenRanges& taken, const net::IpRange& range) {
  auto next = taken.upper_bound(range.first);
  if (next != taken.begin()) {
    const Taken& before = std::prev(next)->second;
    if (before.range.Overlaps(range)) return &before;
  }
  if (next != taken.end() && next->second.range.Overlaps(range)) {
    return &next->second;
  }
  return nullptr;
}

absl::Status CheckRange(const Pool& pool, const net::IpRange& range) {
  if (range.first.family() != range.last.family() || range.last < range.first) {
    return Refuse(pool, fmt::format("spec.addresses: {}, want first <= last of "
                                    "one family",
                                    range.ToString()));
  }
  return absl::OkStatus();
}

absl::Status CheckOverlap(const Pool& pool, const net::IpRange& range,
                          const TakenRanges& taken) {
  const Taken* const other = FindOverlap(taken, range);
  if (other == nullptr) return absl::OkStatus();
  const net::IpRange both = {std::max(range.first, other->range.first),
                             std::min(range.last, other->range.last)};
  return Refuse(pool,
                fmt::format("spec.addresses: {} overlaps {} in {}, want ranges "
                            "that share no address",
                            range.ToString(),
                            other->pool == pool.name
                                ? "another range of the pool"
                                : fmt::format("IPAddressPool/{}", other->pool),
                            both.ToString()));
}

absl::Status CheckSelectors(const Pool& pool, std::string_view field,
                            const std::vector<LabelSelector>& selectors) {
  for (size_t i = 0; i < selectors.size(); ++i) {
    const absl::Status verdict = Validate(selectors[i]);
    if (verdict.ok()) continue;
    return Refuse(pool, fmt::format("spec.serviceAllocation.{}[{}]: {}", field,
                                    i, std::string(verdict.message())));
  }
  return absl::OkStatus();
}

absl::Status CheckAllocation(const Pool& pool) {
  if (!pool.service_allocation) return absl::OkStatus();
  const ServiceAllocation& to = *pool.service_allocation;
  if (to.priority < 0) {
    return Refuse(pool, fmt::format("spec.serviceAllocation.priority: {}, want "
                                    "0 or more",
                                    to.priority));
  }
  LB_RETURN_IF_ERROR(
      CheckSelectors(pool, "namespaceSelectors", to.namespace_selectors));
  return CheckSelectors(pool, "serviceSelectors", to.service_selectors);
}

absl::Status CheckExcluded(const Pool& pool) {
  for (const net::IpRange& range : pool.excluded) {
    const bool is_range = range.first.family() == range.last.family() &&
                          range.first <= range.last;
    const bool cuts = std::any_of(
        pool.ranges.begin(), pool.ranges.end(),
        [&](const net::IpRange& own) { return own.Overlaps(range); });
    if (is_range && cuts) continue;
    return Refuse(pool, fmt::format("metadata.annotations[lb.io/exclude]: {}, "
                                    "want addresses of the pool",
                                    range.ToString()));
  }
  return absl::OkStatus();
}

// By address and by (name, family). Pools share no address.
struct TakenReservations {
  std::set<net::IpAddress> addresses;
  std::set<std::pair<std::string_view, net::IpFamily>> names;
};

absl::Status CheckReservations(const Pool& pool,
                               const TakenReservations& earlier) {
  if (pool.reservations.empty()) return absl::OkStatus();
  TakenReservations own;
  const PoolSpace space(pool);
  for (const Reservation& reservation : pool.reservations) {
    const net::IpAddress& address = reservation.address;
    const auto refuse = [&](std::string_view what) {
      return Refuse(
          pool,
          fmt::format("metadata.annotations[lb.io/reserve]: {} for \"{}\": {}",
                      address.ToString(), reservation.name, what));
    };
    if (reservation.name.empty()) return refuse("no name, want one");
    if (!space.GivesOut(address)) {
      return refuse("not given out, want an address that the pool gives out");
    }
    if (!own.addresses.insert(address).second) {
      return refuse("reserved twice, want one name for an address");
    }
    const std::pair<std::string_view, net::IpFamily> name = {reservation.name,
                                                             address.family()};
    if (earlier.names.contains(name) || !own.names.insert(name).second) {
      return refuse(
          fmt::format("the name has an {} address already, want one "
                      "of each family",
                      net::ToString(address.family())));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOwnFields(const Pool& pool, const TakenReservations& taken) {
  if (pool.cool_down < absl::ZeroDuration() || pool.cool_down > kCoolDownMax) {
    return Refuse(
        pool,
        fmt::format("metadata.annotations[lb.io/cool-down]: {}, want 0s..{}",
                    absl::FormatDuration(pool.cool_down),
                    absl::FormatDuration(kCoolDownMax)));
  }
  LB_RETURN_IF_ERROR(CheckExcluded(pool));
  return CheckReservations(pool, taken);
}

absl::Status CheckPool(const Pool& pool, const TakenRanges& taken) {
  if (pool.name.empty()) {
    return Refuse(pool, "metadata.name: empty, want a name");
  }
  if (pool.ranges.empty()) {
    return Refuse(pool, "spec.addresses: none, want at least one range");
  }
  TakenRanges own;
  for (const net::IpRange& range : pool.ranges) {
    LB_RETURN_IF_ERROR(CheckRange(pool, range));
    LB_RETURN_IF_ERROR(CheckOverlap(pool, range, own));
    LB_RETURN_IF_ERROR(CheckOverlap(pool, range, taken));
    own.emplace(range.first, Taken{range, pool.name});
  }
  return CheckAllocation(pool);
}

}  // namespace

std::vector<absl::Status> ValidatePools(absl::Span<const Pool> pools) {
  std::vector<absl::Status> verdicts;
  verdicts.reserve(pools.size());
  TakenRanges taken;
  TakenReservations reserved;
  std::set<std::string_view> names;
  for (const Pool& pool : pools) {
    if (names.contains(pool.name)) {
      verdicts.push_back(Refuse(
          pool, "metadata.name: an earlier pool has it, want unique names"));
      continue;
    }
    verdicts.push_back(CheckPool(pool, taken));
    if (!verdicts.back().ok()) continue;
    verdicts.back() = CheckOwnFields(pool, reserved);
    if (!verdicts.back().ok()) continue;
    for (const Reservation& reservation : pool.reservations) {
      reserved.names.emplace(reservation.name, reservation.address.family());
    }
    names.insert(pool.name);
    for (const net::IpRange& range : pool.ranges) {
      taken.emplace(range.first, Taken{range, pool.name});
    }
  }
  return verdicts;
}

}  // namespace lb::ipam
