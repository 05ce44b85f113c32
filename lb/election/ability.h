// Ability: for which address families a node can announce, and where.
//
// IPv4 addresses are announced by ARP, IPv6 addresses by NDP. An interface may
// be able to do one and not the other: one without an IPv6 link-local address
// cannot do NDP. What is not known of a node is not an ability.
//
// Values and pure functions: any thread.
#ifndef LB_ELECTION_ABILITY_H_
#define LB_ELECTION_ABILITY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lb/net/ip_families.h"

namespace lb::election {

// "ARP", "NDP", "ARP and NDP", "nothing".
std::string_view ProtocolsOf(const net::IpFamilies& families);

// The abilities of one node. Interfaces that can do nothing may be left out.
struct InterfaceAbilities {
  std::map<std::string, net::IpFamilies> by_name;
  // False: the node has more interfaces than it could tell of. One that is not
  // in `by_name` is not known, and counts as unable.
  bool complete = true;
  // Families of which the node's host takes no packets, or did not lately, so
  // that it announces none: why they are missing in `by_name`.
  net::IpFamilies undeliverable = {};

  friend bool operator==(const InterfaceAbilities&,
                         const InterfaceAbilities&) = default;
};

// The families that the node can announce on one of `wanted` at least, each
// perhaps on another interface. `wanted` empty: on any interface.
net::IpFamilies AbilityOn(const InterfaceAbilities& abilities,
                          const std::vector<std::string>& wanted);

// What is missing for `needed`, for people: "wants NDP on eth7; it has eth0
// (ARP), eth1 (ARP and NDP)", and if so, "its host takes no IPv6 packets for
// services, or did not lately". Names no more than a few interfaces.
std::string DescribeLack(const InterfaceAbilities& abilities,
                         const std::vector<std::string>& wanted,
                         const net::IpFamilies& needed);

}  // namespace lb::election

#endif  // LB_ELECTION_ABILITY_H_
