// OwnedAddresses: addresses that the cluster's hosts own, so that no service
// can have them, and their owners.
//
// A host owns the addresses that it tells (host_facts.h), the address of its
// gossip, and those that its Node object lists, also while its lbd is down. The
// routers to which hosts send packets, the next hops of their routes, own their
// addresses. In each network of a host the network address and the broadcast
// address (IPv4), or the subnet-router anycast address (IPv6, RFC 4291 2.6.1),
// reach no service.
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
  std::string node;  // The node with this address, router or network.
  std::string text;  // Completes "172.18.8.11 is ...": "n1's own".

  friend bool operator==(const AddressOwner&, const AddressOwner&) = default;
};

using OwnedAddresses = std::map<net::IpAddress, AddressOwner>;

struct OwnershipSources {
  // The facts of hosts, by node.
  std::map<std::string, HostFacts> facts;
  // Other addresses of nodes: those of their gossip, those of their Node
  // objects.
  std::multimap<std::string, net::IpAddress> nodes;
  // Where this node looks for others. Another node may know other ones, so
  // they count for what is given out only.
  std::vector<net::IpAddress> seeds;
  // True if a service asks for the address by name, or holds it.
  std::function<bool(const net::IpAddress&)> is_of_service;
};

OwnedAddresses FindOwners(const OwnershipSources& sources);

// By address, what completes "172.18.8.11 is ...".
using OwnerTexts = std::map<net::IpAddress, std::string>;
// All, for the allocator.
OwnerTexts ToTaken(const OwnedAddresses& owned);
// The addresses for which a host or a router answers.
OwnerTexts ToWithheld(const OwnedAddresses& owned);

// A sentence for each pool that covers some: "pool p: never gives out
// 172.18.8.11 (n1's own)". Names a few, and says how many more there are.
std::vector<std::string> DescribeCovered(absl::Span<const ipam::Pool> pools,
                                         const OwnedAddresses& owned);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_OWNED_ADDRESSES_H_
