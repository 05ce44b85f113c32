#include "daemon/status_view/describe_pool.h"

#include <string>
#include <vector>

#include "daemon/status_view/timestamp.h"
#include "lb/config/printable.h"
#include "lb/ipam/taken_addresses.h"

namespace lb {

void AddTaken(const ipam::ReplicatedAllocator& allocator,
              const ipam::Pool& pool, status::v1::Pool* described) {
  for (const net::IpRange& range : pool.ranges) {
    const ipam::TakenAddresses& all = allocator.taken();
    for (auto taken = all.lower_bound(range.first);
         taken != all.end() && taken->first <= range.last; ++taken) {
      if (described->taken_size() == kListedOfPoolMax) {
        described->set_taken_omitted(described->taken_omitted() + 1);
        continue;
      }
      auto* const added = described->add_taken();
      added->set_address(taken->first.ToString());
      added->set_owner(config::Printable(taken->second));
      for (const std::string& service : allocator.HoldersOf(taken->first)) {
        added->add_services(service);
      }
    }
  }
}

void AddAbsentHolders(const ipam::ReplicatedAllocator& allocator,
                      status::v1::Pool* described) {
  for (const ipam::ReplicatedAllocator::Absent& absent :
       allocator.AbsentHolders()) {
    std::vector<std::string> addresses;
    for (const auto& held : absent.held) {
      if (held.pool == described->name()) {
        addresses.push_back(held.address.ToString());
      }
    }
    if (addresses.empty()) continue;
    if (described->absent_holders_size() == kListedOfPoolMax) {
      described->set_absent_holders_omitted(
          described->absent_holders_omitted() + 1);
      continue;
    }
    auto* const added = described->add_absent_holders();
    added->set_service(absent.service);
    added->mutable_addresses()->Add(addresses.begin(), addresses.end());
    SetTimestamp(absent.since, added->mutable_since());
    added->set_held_back(absent.held_back);
  }
}

}  // namespace lb
