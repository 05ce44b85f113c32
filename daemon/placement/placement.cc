#include "daemon/placement/placement.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lb/election/election.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

// Services with addresses, those in one group that share them. A forest: who
// stands for a service is found by going up.
class SharingGroups {
 public:
  void Add(const std::string& service, const ipam::Assignment& assignment) {
    parents_.emplace(service, service);
    for (const auto& assigned : assignment.addresses) {
      const auto [holder, is_new] =
          holders_.try_emplace(assigned.address, service);
      if (!is_new) parents_[FirstOf(service)] = FirstOf(holder->second);
    }
  }

  // The service that stands for the group of `service`.
  std::string FirstOf(std::string service) {
    for (std::string* parent = &parents_.at(service); *parent != service;
         parent = &parents_.at(service)) {
      *parent = parents_.at(*parent);  // Halves the way for the next call.
      service = *parent;
    }
    return service;
  }

 private:
  std::map<std::string, std::string, std::less<>> parents_;
  std::map<net::IpAddress, std::string> holders_;  // The first by name.
};

}  // namespace

bool IsDualStack(const ipam::Assignment& assignment) {
  const auto& addresses = assignment.addresses;
  return std::any_of(addresses.begin(), addresses.end(), [&](const auto& held) {
    return held.address.family() != addresses[0].address.family();
  });
}

void JoinSharers(const AddressEntries& entries, Placement& placement) {
  SharingGroups groups;
  for (const auto& [service, place] : placement) {
    groups.Add(service, entries.at(service).assignment);
  }
  std::map<std::string, ServicePlacement, std::less<>> decided;
  for (const bool dual_stack : {true, false}) {
    for (const auto& [service, place] : placement) {
      if (place.node.empty()) continue;
      if (IsDualStack(entries.at(service).assignment) == dual_stack) {
        decided.try_emplace(groups.FirstOf(service), place);
      }
    }
  }
  for (auto& [service, place] : placement) {
    if (place.node.empty()) continue;
    const ServicePlacement& first = decided.at(groups.FirstOf(service));
    if (first.node != place.node) place = first;
  }
}

const std::vector<ipam::AssignedAddress>& AddressesOf(
    const AddressEntries& entries, const std::string& service) {
  static const auto& none = *new std::vector<ipam::AssignedAddress>();
  const auto entry = entries.find(service);
  return entry == entries.end() ? none : entry->second.assignment.addresses;
}

void AddTerms(const ServicePlacement& place,
              std::optional<announce::Terms>& terms) {
  const bool is_new = !terms.has_value();
  if (is_new) terms.emplace();
  auto& interfaces = terms->interfaces;
  // None named means all.
  if (!is_new && (interfaces.empty() || place.interfaces.empty())) {
    interfaces.clear();
  } else {
    interfaces.insert(place.interfaces.begin(), place.interfaces.end());
  }
  terms->refresh = election::MoreOften(terms->refresh, place.refresh);
}

announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement) {
  announce::AnnouncementChanges terms;
  for (const auto& [service, place] : placement) {
    if (place.node != node) continue;
    for (const auto& assigned : AddressesOf(entries, service)) {
      AddTerms(place, terms[assigned.address]);
    }
  }
  announce::Announcements announcements;
  for (auto& [address, of_address] : terms) {
    announcements.emplace_hint(announcements.end(), address,
                               *std::move(of_address));
  }
  return announcements;
}

void MarkDespiteProxy(const std::vector<ipam::Pool>& pools,
                      const AddressEntries& entries,
                      announce::Announcements& announcements) {
  std::set<std::string, std::less<>> despite;
  for (const ipam::Pool& pool : pools) {
    if (pool.announce_despite_proxy) despite.insert(pool.name);
  }
  if (despite.empty()) return;
  for (const auto& [service, entry] : entries) {
    for (const auto& assigned : entry.assignment.addresses) {
      if (!despite.contains(assigned.pool)) continue;
      const auto it = announcements.find(assigned.address);
      if (it != announcements.end()) it->second.despite_proxy = true;
    }
  }
}

}  // namespace lb
