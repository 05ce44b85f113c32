// Placement: who announces which service, and what this node has to announce.
//
// Joins addresses, manifests and members into elections, one per service: its
// first address decides for all, as in MetalLB. Services that share an address
// (or are linked by others that do) go to one node, whatever their other
// addresses say: two must not answer for one address. Pure.
#ifndef LB_DAEMON_AGENT_PLACEMENT_H_
#define LB_DAEMON_AGENT_PLACEMENT_H_

#include <map>
#include <string>
#include <vector>

#include "daemon/agent/address_book.h"
#include "lb/announce/announcement_plan.h"
#include "lb/config/desired.h"

namespace lb {

struct ServicePlacement {
  std::string node;                     // Empty: nobody announces it.
  std::vector<std::string> interfaces;  // Empty: all of the node's.
  std::string reason;                   // Why nobody does.

  friend bool operator==(const ServicePlacement&,
                         const ServicePlacement&) = default;
};

// By service; only those that have addresses.
using Placement = std::map<std::string, ServicePlacement, std::less<>>;
using AddressEntries = std::map<std::string, AddressBook::Entry>;

// `members` are the live ones, this node among them.
Placement PlaceServices(const config::Desired& desired,
                        const AddressEntries& entries,
                        std::vector<std::string> members);

// The addresses that `node` is to announce, and where.
announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_PLACEMENT_H_
