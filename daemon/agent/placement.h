// Placement: who announces which service, and what this node has to announce.
//
// Values and pure functions; elections.h makes them.
#ifndef LB_DAEMON_AGENT_PLACEMENT_H_
#define LB_DAEMON_AGENT_PLACEMENT_H_

#include <map>
#include <string>
#include <vector>

#include "daemon/agent/address_book.h"
#include "lb/announce/announcement_plan.h"

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

// Sends services that share an address (or are linked by others that do) to the
// node of the first of them that has one. A service that nobody may announce
// stays so.
void JoinSharers(const AddressEntries& entries, Placement& placement);

// The addresses that `node` is to announce, and where.
announce::Announcements AnnouncementsOf(const std::string& node,
                                        const AddressEntries& entries,
                                        const Placement& placement);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_PLACEMENT_H_
