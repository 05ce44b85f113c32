#include "daemon/hosts/owned_addresses.h"

#include <fmt/format.h>

#include <utility>

#include "lb/config/printable.h"
#include "lb/net/ip_prefix.h"

namespace lb {
namespace {

// RFC 3021: a /31 has no network address and no broadcast address. RFC 6164:
// routers on a /127 do without the subnet-router anycast address.
constexpr int kIpv4LengthMax = 30;
constexpr int kIpv6LengthMax = 126;
constexpr size_t kNamedMax = 8;  // In a sentence.

AddressOwner HostOwner(const std::string& node) {
  return {OwnerKind::kHost, node, config::Printable(node) + "'s own"};
}

// The first that is told of an address counts.
void AddSubnet(const std::string& node, const net::IpPrefix& prefix,
               OwnedAddresses* owned) {
  const net::IpRange range = prefix.Range();
  const std::string network =
      fmt::format("{}/{}", range.first.ToString(), prefix.length);
  const auto add = [&](const net::IpAddress& address, const char* what) {
    owned->try_emplace(
        address, AddressOwner{OwnerKind::kSubnet, node,
                              fmt::format("the {} of {}", what, network)});
  };
  if (prefix.address.is_ipv4() && prefix.length <= kIpv4LengthMax) {
    add(range.first, "network address");
    add(range.last, "broadcast address");
  } else if (prefix.address.is_ipv6() && prefix.length <= kIpv6LengthMax) {
    add(range.first, "subnet-router anycast address");
  }
}

// How many hosts have each address that may be there by hand.
std::map<net::IpAddress, int> CountByHand(const OwnershipSources& sources) {
  std::map<net::IpAddress, int> counts;
  for (const auto& [node, facts] : sources.facts) {
    for (const HostAddress& own : facts.addresses) {
      if (own.by_hand) ++counts[own.prefix.address];
    }
  }
  return counts;
}

void AddHosts(const OwnershipSources& sources, OwnedAddresses* owned) {
  const auto by_hand = CountByHand(sources);
  for (const auto& [node, facts] : sources.facts) {
    for (const HostAddress& own : facts.addresses) {
      const net::IpAddress& address = own.prefix.address;
      const bool is_delivery = own.by_hand && (by_hand.at(address) > 1 ||
                                               sources.is_of_service(address));
      if (!is_delivery) owned->try_emplace(address, HostOwner(node));
    }
  }
  for (const auto& [node, address] : sources.nodes) {
    owned->try_emplace(address, HostOwner(node));
  }
}

}  // namespace

OwnedAddresses FindOwners(const OwnershipSources& sources) {
  OwnedAddresses owned;
  AddHosts(sources, &owned);
  for (const auto& [node, facts] : sources.facts) {
    for (const net::IpAddress& router : facts.routers) {
      owned.try_emplace(
          router, AddressOwner{OwnerKind::kRouter, node,
                               "the router of " + config::Printable(node)});
    }
  }
  for (const net::IpAddress& seed : sources.seeds) {
    owned.try_emplace(seed, AddressOwner{OwnerKind::kSeed, "",
                                         "a node's own, by the join list"});
  }
  for (const auto& [node, facts] : sources.facts) {
    for (const HostAddress& own : facts.addresses) {
      AddSubnet(node, own.prefix, &owned);
    }
  }
  return owned;
}

OwnerTexts ToTaken(const OwnedAddresses& owned) {
  OwnerTexts taken;
  for (const auto& [address, owner] : owned) taken.emplace(address, owner.text);
  return taken;
}

OwnerTexts ToWithheld(const OwnedAddresses& owned) {
  OwnerTexts withheld;
  for (const auto& [address, owner] : owned) {
    if (owner.kind <= OwnerKind::kRouter) withheld.emplace(address, owner.text);
  }
  return withheld;
}

std::vector<std::string> DescribeCovered(absl::Span<const ipam::Pool> pools,
                                         const OwnedAddresses& owned) {
  std::vector<std::string> sentences;
  for (const ipam::Pool& pool : pools) {
    std::string named;
    size_t count = 0;
    for (const net::IpRange& range : pool.ranges) {
      for (auto it = owned.lower_bound(range.first);
           it != owned.end() && it->first <= range.last; ++it) {
        if (++count > kNamedMax) continue;
        named += fmt::format("{}{} ({})", named.empty() ? "" : ", ",
                             it->first.ToString(), it->second.text);
      }
    }
    if (count == 0) continue;
    if (count > kNamedMax) {
      named += fmt::format(", and {} more", count - kNamedMax);
    }
    sentences.push_back(
        fmt::format("pool {}: never gives out {}", pool.name, named));
  }
  return sentences;
}

}  // namespace lb
