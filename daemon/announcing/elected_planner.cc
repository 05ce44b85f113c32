#include "daemon/announcing/elected_planner.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lb {

ElectedPlanner::Plan ElectedPlanner::Next(const Look& look) {
  Seen seen = {.acts = look.acts,
               .entries = look.entries_version,
               .placement = look.placement_version,
               .withheld = look.withheld_version,
               .probed = look.inputs.probed};
  // Probes that ended well change nothing that is announced.
  if (std::includes(last_.probed.begin(), last_.probed.end(),
                    seen.probed.begin(), seen.probed.end())) {
    last_.probed = seen.probed;
  }
  Plan plan;
  if (seen.acts != last_.acts || seen.withheld != last_.withheld) {
    plan = seen.acts ? ElectedPlaces(look.inputs).All() : Elected();
  } else if (seen.acts && seen != last_) {
    plan = ChangeOf(look);
  }
  last_ = std::move(seen);
  return plan;
}

ElectedChange ElectedPlanner::ChangeOf(const Look& look) const {
  const std::set<net::IpAddress>& before = last_.probed;
  const std::set<net::IpAddress>& now = look.inputs.probed;
  std::set<net::IpAddress> concerned;
  std::set_symmetric_difference(now.begin(), now.end(), before.begin(),
                                before.end(),
                                std::inserter(concerned, concerned.end()));
  for (const AddressEntries* entries :
       {&look.entries_before, &look.inputs.entries}) {
    for (const std::string& service : look.changed) {
      const auto entry = entries->find(service);
      if (entry == entries->end()) continue;
      for (const auto& assigned : entry->second.assignment.addresses) {
        concerned.insert(assigned.address);
      }
    }
  }
  const ElectedPlaces places(look.inputs);
  ElectedChange change;
  for (const net::IpAddress& address : concerned) {
    change.emplace(address, places.At(address, look.services_at(address)));
  }
  return change;
}

}  // namespace lb
