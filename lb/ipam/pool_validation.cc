#include "lb/ipam/pool_validation.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
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
  return absl::OkStatus();
}

}  // namespace

std::vector<absl::Status> ValidatePools(absl::Span<const Pool> pools) {
  std::vector<absl::Status> verdicts;
  verdicts.reserve(pools.size());
  TakenRanges taken;
  std::set<std::string_view> names;
  for (const Pool& pool : pools) {
    if (names.contains(pool.name)) {
      verdicts.push_back(Refuse(
          pool, "metadata.name: an earlier pool has it, want unique names"));
      continue;
    }
    verdicts.push_back(CheckPool(pool, taken));
    if (!verdicts.back().ok()) continue;
    names.insert(pool.name);
    for (const net::IpRange& range : pool.ranges) {
      taken.emplace(range.first, Taken{range, pool.name});
    }
  }
  return verdicts;
}

}  // namespace lb::ipam
