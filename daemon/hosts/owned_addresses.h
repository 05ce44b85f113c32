// OwnedAddresses: addresses that hosts of ours own, so that no service can have
// them, and whose they are.
//
// A host owns what it says that it has (host_facts.h), the address of its
// gossip, and what its Node object lists; of other lbds also while they are
// down. The routers that hosts send packets to, the next hops of their routes,
// are nobody else's. Of each network that a host is in, the network address and
// the broadcast address (IPv4) or the subnet-router anycast address (IPv6, RFC
// 4291 2.6.1) reach no service.
//
// Delivery by hand: a node with `deliver: none` may have a service's address on
// lo or a dummy interface, put there by its operator. Such an address (see
// HostAddress::by_hand) is a host's own only if one member alone has it and no
// service asks for it by name or holds it.
//
// Values and pure functions.
#ifndef LB_DAEMON_HOSTS_OWNED_ADDRESSES_H_
#define LB_DAEMON_HOSTS_OWNED_ADDRESSES_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "daemon/hosts/facts_table.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_address.h"

namespace lb {

// In order of precedence.
enum class OwnerKind {
  kHost,    // A host answers for it.
  kRouter,  // A router does: the next hop of a host's route.
  kSeed,    // This node's join list has it: a node may be there.
  kSubnet,  // It is a network's, and no host can have it.
};

struct AddressOwner {
  OwnerKind kind = OwnerKind::kHost;
  std::string node;  // Whose address, or router, or network it is.
  std::string text;  // Completes "172.18.8.11 is ...": "n1's own".

  friend bool operator==(const AddressOwner&, const AddressOwner&) = default;
};

using OwnedAddresses = std::map<net::IpAddress, AddressOwner>;

struct OwnershipSources {
  // Of hosts, by node.
  std::map<std::string, HostFacts> facts;
  // What else is known of nodes: where their gossip is, what their Node objects
  // list.
  std::multimap<std::string, net::IpAddress> nodes;
  // Where this node looks for others. Another node may know other ones, so
  // they count for what is given out only.
  std::vector<net::IpAddress> seeds;
  // Does a service ask for the address by name, or hold it?
  std::function<bool(const net::IpAddress&)> is_of_service;
};

OwnedAddresses FindOwners(const OwnershipSources& sources);

// By address, what completes "172.18.8.11 is ...".
using OwnerTexts = std::map<net::IpAddress, std::string>;
// All, for the allocator.
OwnerTexts ToTaken(const OwnedAddresses& owned);
// Those that a host or a router answers for.
OwnerTexts ToWithheld(const OwnedAddresses& owned);

// A sentence for each pool that covers some: "pool p: never gives out
// 172.18.8.11 (n1's own)". Names a few, and says how many more there are.
std::vector<std::string> DescribeCovered(absl::Span<const ipam::Pool> pools,
                                         const OwnedAddresses& owned);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_OWNED_ADDRESSES_H_
