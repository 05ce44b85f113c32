#include "daemon/problems/remedies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lb/base/utc_text.h"
#include "lb/election/eligibility_group.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using election::L2Advertisement;
using election::NodeVerdict;

const ipam::Pool* PoolOf(const std::vector<ipam::Pool>& pools,
                         const net::IpAddress& address) {
  for (const ipam::Pool& pool : pools) {
    for (const net::IpRange& range : pool.ranges) {
      if (range.first <= address && address <= range.last) return &pool;
    }
  }
  return nullptr;
}

std::string RemedyForAddresses(const ipam::ServiceRequest& request,
                               const std::vector<ipam::Pool>& pools,
                               bool is_held) {
  constexpr const char* kAnother = "another address in the service's manifest";
  if (is_held) {
    return fmt::format(
        "{}, or metallb.io/allow-shared-ip with one value on both services, "
        "and other ports",
        kAnother);
  }
  for (const net::IpAddress& address : request.requested_addresses) {
    const ipam::Pool* const pool = PoolOf(pools, address);
    if (pool == nullptr) {
      return fmt::format("an IPAddressPool with {}, or {}", address.ToString(),
                         kAnother);
    }
    if (pool->service_allocation) {
      return fmt::format(
          "spec.serviceAllocation of IPAddressPool/{} to match "
          "the service, or {}",
          pool->name, kAnother);
    }
  }
  return kAnother;
}

// "L2Advertisement/a, L2Advertisement/b"
std::string NamesOf(const std::vector<const L2Advertisement*>& all) {
  std::vector<std::string> names;
  for (const L2Advertisement* one : all) {
    names.push_back("L2Advertisement/" + one->name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// The advertisements for the pool, and those of them that match the service.
struct Matching {
  std::vector<const L2Advertisement*> pool;
  std::vector<const L2Advertisement*> service;
};

Matching FindMatching(const std::vector<L2Advertisement>& advertisements,
                      const election::Vip& vip) {
  Matching matching;
  for (const L2Advertisement& advertisement : advertisements) {
    if (!election::AppliesToPool(advertisement, vip)) continue;
    matching.pool.push_back(&advertisement);
    if (!election::AppliesToService(advertisement, vip)) continue;
    matching.service.push_back(&advertisement);
  }
  return matching;
}

std::string RemedyForAdvertisements(const Matching& matching,
                                    const std::string& pool) {
  if (matching.pool.empty()) {
    return fmt::format(
        "an L2Advertisement for pool {}: spec.ipAddressPools "
        "that name it, or none at all",
        pool);
  }
  if (matching.service.empty()) {
    return fmt::format("spec.serviceSelectors of {} to match the service",
                       NamesOf(matching.pool));
  }
  return fmt::format("spec.nodeSelectors of {} to match a member",
                     NamesOf(matching.service));
}

std::string RemedyForInterfaces(const Matching& matching) {
  const bool any_names =
      std::any_of(matching.service.begin(), matching.service.end(),
                  [](const auto* advertisement) {
                    return !advertisement->interfaces.empty();
                  });
  if (any_names) {
    return fmt::format("spec.interfaces of {} to name a usable one of a member",
                       NamesOf(matching.service));
  }
  return "a usable interface on a member: `lbctl interfaces` there says what "
         "each lacks";
}

std::string RemedyForVerdict(const election::NodeExplanation& node,
                             const Matching& matching, const std::string& pool,
                             const DeliveryRemedies& delivery) {
  switch (node.verdict) {
    case NodeVerdict::kNoMatchingAdvertisement:
      return RemedyForAdvertisements(matching, pool);
    case NodeVerdict::kNoUsableInterface: {
      const auto of_node = delivery.find(node.node);
      return of_node != delivery.end() ? of_node->second
                                       : RemedyForInterfaces(matching);
    }
    case NodeVerdict::kSharedIpWithServiceSelector:
      return fmt::format(
          "{} without spec.serviceSelectors, or the service "
          "without metallb.io/allow-shared-ip",
          NamesOf(matching.service));
    case NodeVerdict::kNoEndpoints:
      return "a ready endpoint in an EndpointSlice of the service";
    case NodeVerdict::kNoLocalEndpoints:
      return "a ready endpoint on a member, or externalTrafficPolicy: Cluster";
    case NodeVerdict::kNodeNetworkUnavailable:
      return fmt::format("condition NetworkUnavailable of Node/{} to be False",
                         node.node);
    case NodeVerdict::kNodeLabeledExcludeBalancers:
      return fmt::format("Node/{} without the label {}", node.node,
                         election::kExcludeLabel);
    case NodeVerdict::kAnnouncer:
    case NodeVerdict::kNotOwner:
    case NodeVerdict::kEligible:
    case NodeVerdict::kNotMember:
    case NodeVerdict::kNodeDraining:
    case NodeVerdict::kNodeSilent:
    case NodeVerdict::kOnlyOneFamily:
      return "";
  }
  return "";
}

}  // namespace

std::string RemedyForNoAddress(const ipam::ServiceRequest& request,
                               const std::vector<ipam::Pool>& pools,
                               bool is_held) {
  if (!request.requested_addresses.empty()) {
    return RemedyForAddresses(request, pools, is_held);
  }
  if (!request.reservation.empty()) {
    return "its addresses in an IPAddressPool's lb.io/reserve, and held by no "
           "other service";
  }
  if (const std::string& name = request.requested_pool; !name.empty()) {
    const bool exists =
        std::any_of(pools.begin(), pools.end(),
                    [&](const ipam::Pool& pool) { return pool.name == name; });
    return fmt::format("{}, or another in metallb.io/address-pool",
                       exists ? fmt::format("IPAddressPool/{} larger, or open "
                                            "to the service",
                                            name)
                              : fmt::format("an IPAddressPool/{}", name));
  }
  if (pools.empty()) return "an IPAddressPool";
  const bool any_automatic =
      std::any_of(pools.begin(), pools.end(),
                  [](const ipam::Pool& pool) { return pool.auto_assign; });
  if (!any_automatic) {
    return "spec.autoAssign: true on an IPAddressPool, or "
           "metallb.io/address-pool on the service";
  }
  return "an IPAddressPool that is open to the service and has an address left";
}

std::string RemedyForDelivery(const std::string& node,
                              std::optional<absl::Time> held_until) {
  if (held_until) {
    return fmt::format(
        "no action needed: {} takes such packets again, and can be elected "
        "from {} on, if it stays well",
        node, FormatUtc(*held_until));
  }
  return fmt::format(
      "{} to take packets for services: `lbctl problems` there says what it "
      "lacks, or from when on it can be elected again",
      node);
}

std::string RemedyForNoAnnouncer(
    const std::vector<L2Advertisement>& advertisements,
    const election::Vip& vip, const election::Explanation& explanation,
    const DeliveryRemedies& delivery) {
  const Matching matching = FindMatching(advertisements, vip);
  std::vector<std::string> remedies;
  for (const election::NodeExplanation& node : explanation.nodes) {
    const std::string remedy =
        RemedyForVerdict(node, matching, vip.pool, delivery);
    if (!remedy.empty() &&
        std::find(remedies.begin(), remedies.end(), remedy) == remedies.end()) {
      remedies.push_back(remedy);
    }
  }
  return fmt::format("{}", fmt::join(remedies, "; or "));
}

}  // namespace lb
