// Placement: which nodes announce which service, and what this node has to
// announce.
//
// Values and pure functions; elections.h makes them.
#ifndef LB_DAEMON_PLACEMENT_PLACEMENT_H_
#define LB_DAEMON_PLACEMENT_PLACEMENT_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/announce/announcement_plan.h"
#include "lb/election/announcer.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb {

struct ServicePlacement {
  election::Announcers announcers = {};
  std::string reason = {};  // Why there are none.
  // One that nodes could announce has no usable endpoint: as while its pods
  // start.
  bool lacks_endpoints = false;

  friend bool operator==(const ServicePlacement&,
                         const ServicePlacement&) = default;
};

// By service; only those that have addresses.
using Placement = std::map<std::string, ServicePlacement, std::less<>>;
using AddressEntries = std::map<std::string, ipam::ReplicatedAllocator::Entry>;

// The addresses of a service; none if there is no entry of it any more, which
// elections hear of on a later turn: who asks meanwhile has a placement of it.
const std::vector<ipam::AssignedAddress>& AddressesOf(
    const AddressEntries& entries, const std::string& service);

// Are there addresses of both families?
bool IsDualStack(const ipam::Assignment& assignment);

// Sends services that share an address (or are linked by others that do) to one
// node: that of the first service by name that has any, but services with
// addresses of both families come first, as their elections asked for both. A
// service that no node may announce stays so.
void JoinSharers(const AddressEntries& entries, Placement& placement);

// Is `node` to answer for the service's addresses on layer 2?
bool IsElected(const ServicePlacement& place, std::string_view node);
// Is another node?
bool IsElectedElsewhere(const ServicePlacement& place, std::string_view node);

// Adds how an address is announced for a service that this announcer has. A
// shared one is announced on the services' interfaces together, the most often
// of all.
void AddTerms(const election::Announcer& announcer,
              std::optional<announce::Terms>& terms);

// The addresses that `node` is to announce, and where.
announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement);

// Notes which of `announcements` are of a pool whose addresses are announced
// although a host answers for every address.
void MarkDespiteProxy(const std::vector<ipam::Pool>& pools,
                      const AddressEntries& entries,
                      announce::Announcements& announcements);

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_PLACEMENT_H_
