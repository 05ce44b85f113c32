// Findings: faults of services and of the names of nodes.
//
// Pure functions over values; problems.cc calls them. Each lists what is wrong
// now, sorted by name.
#ifndef LB_DAEMON_PROBLEMS_FINDINGS_H_
#define LB_DAEMON_PROBLEMS_FINDINGS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/placement/elections.h"
#include "daemon/placement/placement.h"
#include "lb/config/desired.h"
#include "lb/net/ip_address.h"

namespace lb {

struct Finding {
  std::string object;  // "Kind/name" or "Kind/namespace/name"
  std::string text;    // "object: place: what is wrong, what is wanted"

  friend bool operator==(const Finding&, const Finding&) = default;
};

using LiveMembers = std::vector<Elections::LiveMember>;

// The remedy for a service; completes "want ...". Empty: the reason says it
// already.
using RemedyOf = std::function<std::string(const std::string& service)>;

// Services that have no address, with the reason. `with_waiting` adds services
// whose reason passes by itself.
std::vector<Finding> FindWithoutAddress(const AddressEntries& entries,
                                        bool with_waiting,
                                        const RemedyOf& remedy_of);

// Services to which the ledger's author assigns nothing. `waits_in_vain` is
// true for a service that has waited so long that the author must have read
// other manifests.
std::vector<Finding> FindUnassigned(
    const AddressEntries& entries,
    const std::function<bool(const std::string& service)>& waits_in_vain);

// Services that keep their addresses because the request of their manifest is
// refused, with the reason.
std::vector<Finding> FindRefused(const AddressEntries& entries,
                                 const RemedyOf& remedy_of);

using IsOwned = std::function<bool(const net::IpAddress& address)>;

// Services that have an address and that no node announces, with the reason. A
// service whose addresses are all owned by hosts is left out: that is another
// finding; so is one for which `may_pass` is true: it may be announced soon.
std::vector<Finding> FindWithoutAnnouncer(
    const AddressEntries& entries, const Placement& placement,
    const IsOwned& is_owned,
    const std::function<bool(const std::string& service)>& may_pass,
    const RemedyOf& remedy_of);

// Addresses that their node cannot announce, according to the node's own
// metadata: for example, NDP does not work on the interface.
std::vector<Finding> FindUnable(const AddressEntries& entries,
                                const Placement& placement,
                                const LiveMembers& members);

// Members without a Node object, if the manifests have any; names of nodes in
// selectors and endpoints that differ from a known node by case or domain only.
std::vector<Finding> FindMisnamed(const config::Desired& desired,
                                  const LiveMembers& members);

// Node objects without a member of that name. Nodes that must not announce are
// left out.
std::vector<Finding> FindWithoutMember(
    const config::Desired& desired, const LiveMembers& members,
    const std::function<bool(const std::string&)>& is_known);

// Members whose option ignore-exclude-lb differs from that of `node`.
std::vector<Finding> FindDifferingOptions(std::string_view node,
                                          const LiveMembers& members);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_FINDINGS_H_
