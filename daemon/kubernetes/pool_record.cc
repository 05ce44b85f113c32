#include "daemon/kubernetes/pool_record.h"

#include <limits>
#include <string_view>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t Clamped(absl::uint128 count) {
  return count > absl::uint128(kMax) ? kMax : static_cast<int64_t>(count);
}

// Addresses that are neither in use nor taken by hosts.
int64_t Free(absl::uint128 total, absl::uint128 used, absl::uint128 taken) {
  const absl::uint128 busy = used + taken;
  return busy >= total ? 0 : Clamped(total - busy);
}

}  // namespace

PoolRecord ReadPoolRecord(const kubernetes::ObjectMeta& meta,
                          const config::YamlNode& object) {
  PoolRecord record = {.meta = meta};
  PoolCounts counts;
  bool is_whole = true;
  const auto read = [&](std::string_view path, int64_t* count) {
    is_whole &=
        absl::SimpleAtoi(std::string(kubernetes::TextAt(object, path)), count);
  };
  read("status.assignedIPv4", &counts.assigned_ipv4);
  read("status.assignedIPv6", &counts.assigned_ipv6);
  read("status.availableIPv4", &counts.available_ipv4);
  read("status.availableIPv6", &counts.available_ipv6);
  if (is_whole) record.counts = counts;
  return record;
}

PoolCounts CountsOf(const ipam::PoolUsage& usage) {
  return {.assigned_ipv4 = Clamped(usage.used_ipv4),
          .assigned_ipv6 = Clamped(usage.used_ipv6),
          .available_ipv4 =
              Free(usage.total_ipv4, usage.used_ipv4, usage.taken_ipv4),
          .available_ipv6 =
              Free(usage.total_ipv6, usage.used_ipv6, usage.taken_ipv6)};
}

std::string PoolStatusPatch(const PoolCounts& counts) {
  kubernetes::JsonWriter json;
  json.BeginMap().Key("status").BeginMap();
  json.Key("assignedIPv4").Number(counts.assigned_ipv4);
  json.Key("assignedIPv6").Number(counts.assigned_ipv6);
  json.Key("availableIPv4").Number(counts.available_ipv4);
  json.Key("availableIPv6").Number(counts.available_ipv6);
  json.EndMap().EndMap();
  return std::move(json).Finish();
}

}  // namespace lb
