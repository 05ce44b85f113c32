#include "daemon/placement/placement.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lb/election/cluster.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using election::Protocol;

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

// On whatever interfaces.
bool AreOnTheSameNodes(const ServicePlacement& a, const ServicePlacement& b) {
  const auto change = election::ChangeBetween(a.announcers, b.announcers);
  return change.came.empty() && change.went.empty();
}

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
      if (place.announcers.empty()) continue;
      if (IsDualStack(entries.at(service).assignment) == dual_stack) {
        decided.try_emplace(groups.FirstOf(service), place);
      }
    }
  }
  for (auto& [service, place] : placement) {
    if (place.announcers.empty()) continue;
    const ServicePlacement& first = decided.at(groups.FirstOf(service));
    if (!AreOnTheSameNodes(first, place)) place = first;
  }
}

const std::vector<ipam::AssignedAddress>& AddressesOf(
    const AddressEntries& entries, const std::string& service) {
  static const auto& none = *new std::vector<ipam::AssignedAddress>();
  const auto entry = entries.find(service);
  return entry == entries.end() ? none : entry->second.assignment.addresses;
}

bool IsElected(const ServicePlacement& place, std::string_view node) {
  return election::FindAnnouncer(place.announcers, Protocol::kLayer2, node) !=
         nullptr;
}

bool IsElectedElsewhere(const ServicePlacement& place, std::string_view node) {
  return std::any_of(place.announcers.begin(), place.announcers.end(),
                     [&](const election::Announcer& announcer) {
                       return announcer.protocol == Protocol::kLayer2 &&
                              announcer.node != node;
                     });
}

void AddTerms(const election::Announcer& announcer,
              std::optional<announce::Terms>& terms) {
  const bool is_new = !terms.has_value();
  if (is_new) terms.emplace();
  auto& interfaces = terms->interfaces;
  // None named means all.
  if (!is_new && (interfaces.empty() || announcer.interfaces.empty())) {
    interfaces.clear();
  } else {
    interfaces.insert(announcer.interfaces.begin(), announcer.interfaces.end());
  }
  terms->refresh = election::MoreOften(terms->refresh, announcer.refresh);
}

announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement) {
  announce::AnnouncementChanges terms;
  for (const auto& [service, place] : placement) {
    const election::Announcer* const here =
        election::FindAnnouncer(place.announcers, Protocol::kLayer2, node);
    if (here == nullptr) continue;
    for (const auto& assigned : AddressesOf(entries, service)) {
      AddTerms(*here, terms[assigned.address]);
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
