#include "daemon/placement/withheld_vips.h"

#include <fmt/format.h>

#include <utility>

namespace lb {

WithheldVips::Change WithheldVips::Set(
    std::map<net::IpAddress, std::string> withheld) {
  Change change;
  if (withheld == owners_) return change;
  std::swap(withheld, owners_);
  for (const auto& [address, owner] : owners_) {
    if (!withheld.contains(address)) change.begun.push_back(address);
  }
  for (const auto* side : {&withheld, &owners_}) {
    for (const auto& [address, owner] : *side) {
      change.concerned.push_back(address);
    }
  }
  return change;
}

void WithheldVips::Apply(const AddressEntries& entries,
                         Placement& placement) const {
  if (owners_.empty()) return;
  for (auto& [service, place] : placement) {
    std::string reason;
    for (const auto& assigned : entries.at(service).assignment.addresses) {
      const auto owner = owners_.find(assigned.address);
      if (owner == owners_.end()) {
        reason.clear();
        break;
      }
      reason += fmt::format("{}{} is {}", reason.empty() ? "" : ", ",
                            assigned.address.ToString(), owner->second);
    }
    if (!reason.empty()) place = {.reason = "withheld: " + reason};
  }
}

}  // namespace lb
