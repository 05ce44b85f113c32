#include "daemon/agent/placement.h"

#include <functional>
#include <map>
#include <string>
#include <utility>

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

void JoinSharers(const AddressEntries& entries, Placement& placement) {
  SharingGroups groups;
  for (const auto& [service, place] : placement) {
    groups.Add(service, entries.at(service).assignment);
  }
  std::map<std::string, const ServicePlacement*, std::less<>> decided;
  for (auto& [service, place] : placement) {
    if (place.node.empty()) continue;
    const auto [first, is_new] =
        decided.try_emplace(groups.FirstOf(service), &place);
    if (!is_new && first->second->node != place.node) place = *first->second;
  }
}

announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement) {
  announce::Announcements announcements;
  for (const auto& [service, place] : placement) {
    if (place.node != node) continue;
    for (const auto& assigned : entries.at(service).assignment.addresses) {
      const auto [it, is_new] = announcements.try_emplace(assigned.address);
      auto& interfaces = it->second.interfaces;
      // A shared address: the services' interfaces together, where none named
      // means all.
      if (!is_new && (interfaces.empty() || place.interfaces.empty())) {
        interfaces.clear();
      } else {
        interfaces.insert(place.interfaces.begin(), place.interfaces.end());
      }
    }
  }
  return announcements;
}

}  // namespace lb
