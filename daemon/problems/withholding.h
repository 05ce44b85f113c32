// Withholding: says which host has an address of a service, so that no node
// answers for it although one is elected.
//
// All nodes that hear each other say the same. They all know which addresses
// the hosts of the cluster own. If another host has an address, the elected
// node tells them (withheld_facts.h).
//
// Reads a node and changes nothing. Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_WITHHOLDING_H_
#define LB_DAEMON_PROBLEMS_WITHHOLDING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb {

struct NodeView;

struct Withholding {
  net::IpAddress address;
  // The interface on which the elected node met the other host. Empty: a host
  // or a router of the cluster owns the address, so all nodes withhold it.
  std::string interface;
  std::optional<net::MacAddress> mac;  // The other host's; unset for an owner.
  std::string member;  // The host's name, if it is a node of the cluster.
  absl::Time since;    // Civil time; for an owner as this node saw it.
  std::string text;    // "eth0: 02:00:5e:00:53:01 (no member) has it"
  std::string remedy;  // Completes "want ...".

  bool by_owner() const { return interface.empty(); }
};

// Returns the withholdings of one address of `service`, one for each interface.
// Empty: it is not withheld, as far as this node knows.
std::vector<Withholding> FindWithholdings(const NodeView& view,
                                          const std::string& service,
                                          const net::IpAddress& address);

// True if the service's manifest asks for the address by name.
bool AsksFor(const NodeView& view, const std::string& service,
             const net::IpAddress& address);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_WITHHOLDING_H_
