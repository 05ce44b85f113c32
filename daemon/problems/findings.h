// Findings: what is wrong with services and with the names of nodes.
//
// Pure functions over values; problems.cc asks them. Each lists what is wrong
// now, and nothing that is well. Sorted by name.
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

// Services that have no address, and why. `with_waiting`: also services whose
// reason passes by itself.
std::vector<Finding> FindWithoutAddress(const AddressEntries& entries,
                                        bool with_waiting,
                                        const RemedyOf& remedy_of);

// Services that the ledger's author gives nothing. `waits_in_vain`: for so long
// that its manifests must be others.
std::vector<Finding> FindUnassigned(
    const AddressEntries& entries,
    const std::function<bool(const std::string& service)>& waits_in_vain);

// Services that keep what they have, as they are refused what they ask for by
// now, and why.
std::vector<Finding> FindRefused(const AddressEntries& entries,
                                 const RemedyOf& remedy_of);

using IsOwned = std::function<bool(const net::IpAddress& address)>;

// Services that have an address and are announced by no node, and why. Services
// whose addresses are all owned by hosts are left out, for another finding.
std::vector<Finding> FindWithoutAnnouncer(const AddressEntries& entries,
                                          const Placement& placement,
                                          const IsOwned& is_owned,
                                          const RemedyOf& remedy_of);

// Addresses whose node cannot announce them, by what it says of itself: NDP
// does not work on the interface, say.
std::vector<Finding> FindUnable(const AddressEntries& entries,
                                const Placement& placement,
                                const LiveMembers& members);

// Members without a Node object, if the manifests have any; names of nodes in
// selectors and endpoints that differ from a known node by case or domain only.
std::vector<Finding> FindMisnamed(const config::Desired& desired,
                                  const LiveMembers& members);

// Node objects of which no member is known. Nodes that are not to announce are
// left out.
std::vector<Finding> FindWithoutMember(
    const config::Desired& desired, const LiveMembers& members,
    const std::function<bool(const std::string&)>& is_known);

// Members with another ignore-exclude-lb than `node`.
std::vector<Finding> FindDifferingOptions(std::string_view node,
                                          const LiveMembers& members);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_FINDINGS_H_
