#include "lb/ipam/poolless_records.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"

namespace lb::ipam {
namespace {

std::string PoolOf(const AssignedAddress& recorded, const Assignment& before,
                   const Allocator& allocator) {
  if (!recorded.pool.empty()) return recorded.pool;
  for (const AssignedAddress& held : before.addresses) {
    if (held.address == recorded.address) return held.pool;
  }
  return allocator.PoolOf(recorded.address);
}

}  // namespace

Assignment PoollessRecords::Place(const std::string& service,
                                  const Assignment& recorded,
                                  const Assignment& before,
                                  const Allocator& allocator) {
  Assignment placed;
  for (const AssignedAddress& address : recorded.addresses) {
    std::string pool = PoolOf(address, before, allocator);
    if (pool.empty()) continue;
    placed.addresses.push_back({address.address, std::move(pool)});
  }
  left_out_.erase(service);
  if (placed.addresses.size() < recorded.addresses.size()) {
    left_out_[service] = recorded;
  }
  return placed;
}

std::string PoollessRecords::WhyLeftOut(std::string_view service) const {
  const auto record = left_out_.find(service);
  if (record == left_out_.end()) return "";
  std::vector<std::string> addresses;
  for (const AssignedAddress& address : record->second.addresses) {
    if (address.pool.empty()) addresses.push_back(address.address.ToString());
  }
  return fmt::format(
      "the status has {}, but not from which pool, and no pool has it, want an "
      "IPAddressPool with it, or the Service deleted and created again",
      fmt::join(addresses, ", "));
}

}  // namespace lb::ipam
