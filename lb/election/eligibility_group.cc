#include "lb/election/eligibility_group.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/election/ability.h"

namespace lb::election {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

using Advertisements = std::vector<const L2Advertisement*>;

// Those that reach the node.
Advertisements ReachingOf(const Cluster& cluster,
                          const EligibilityGroupKey& key, const Labels& node) {
  Advertisements reaching;
  for (const size_t index : key.advertisements) {
    const L2Advertisement& advertisement = cluster.advertisements[index];
    if (advertisement.node_selectors.empty() ||
        MatchesAny(advertisement.node_selectors, node)) {
      reaching.push_back(&advertisement);
    }
  }
  return reaching;
}

int64_t ScoreOf(const Advertisements& reaching, const Labels& node) {
  int64_t score = 0;
  for (const L2Advertisement* advertisement : reaching) {
    for (const PreferredNodes& preferred : advertisement->preferred_nodes) {
      if (preferred.preference.Matches(node)) score += preferred.weight;
    }
  }
  return score;
}

// The union; one that names no interface means all.
std::vector<std::string> InterfacesOf(const Advertisements& reaching) {
  std::set<std::string> interfaces;
  for (const L2Advertisement* advertisement : reaching) {
    if (advertisement->interfaces.empty()) return {};
    interfaces.insert(advertisement->interfaces.begin(),
                      advertisement->interfaces.end());
  }
  return {interfaces.begin(), interfaces.end()};
}

std::optional<absl::Duration> RefreshOf(const Advertisements& reaching) {
  std::optional<absl::Duration> refresh;
  for (const L2Advertisement* advertisement : reaching) {
    refresh = MoreOften(refresh, advertisement->refresh);
  }
  return refresh;
}

// A node that never tells counts as able everywhere.
net::IpFamilies AbilityOf(const NodeAttributes& node,
                          const std::vector<std::string>& interfaces) {
  if (!node.usable_interfaces.has_value()) return {.ipv4 = true, .ipv6 = true};
  return AbilityOn(*node.usable_interfaces, interfaces);
}

// Empty: nothing is missing, or the node never tells.
std::string LackOf(const NodeAttributes& node,
                   const std::vector<std::string>& interfaces,
                   const net::IpFamilies& needed) {
  if (AbilityOf(node, interfaces).IncludesAll(needed)) return "";
  return DescribeLack(*node.usable_interfaces, interfaces, needed);
}

bool RestrictsServices(const Cluster& cluster, const EligibilityGroupKey& key) {
  return std::any_of(
      key.advertisements.begin(), key.advertisements.end(), [&](size_t index) {
        return !cluster.advertisements[index].service_selectors.empty();
      });
}

// Endpoints and membership aside.
NodeVerdict JudgeNode(const Cluster& cluster, const EligibilityGroupKey& key,
                      const NodeAttributes& node, bool is_reached,
                      const net::IpFamilies& able) {
  if (key.has_sharing_key && RestrictsServices(cluster, key)) {
    return NodeVerdict::kSharedIpWithServiceSelector;
  }
  if (!is_reached) return NodeVerdict::kNoMatchingAdvertisement;
  if (node.network_unavailable) return NodeVerdict::kNodeNetworkUnavailable;
  if (!cluster.ignore_exclude_label &&
      node.labels.contains(std::string(kExcludeLabel))) {
    return NodeVerdict::kNodeLabeledExcludeBalancers;
  }
  return able.IncludesAll(key.first) ? NodeVerdict::kEligible
                                     : NodeVerdict::kNoUsableInterface;
}

}  // namespace

bool AppliesToPool(const L2Advertisement& advertisement, const Vip& vip) {
  if (advertisement.pools.empty() && advertisement.pool_selectors.empty()) {
    return true;
  }
  return Contains(advertisement.pools, vip.pool) ||
         MatchesAny(advertisement.pool_selectors, vip.pool_labels);
}

bool AppliesToService(const L2Advertisement& advertisement, const Vip& vip) {
  return advertisement.service_selectors.empty() ||
         MatchesAny(advertisement.service_selectors, vip.traffic.labels);
}

EligibilityGroupKey KeyOf(const Cluster& cluster, const Vip& vip) {
  EligibilityGroupKey key = {.has_sharing_key = vip.traffic.has_sharing_key,
                             .first = FamilyOf(vip.address),
                             .dual_stack = vip.dual_stack};
  for (size_t i = 0; i < cluster.advertisements.size(); ++i) {
    if (AppliesToPool(cluster.advertisements[i], vip) &&
        AppliesToService(cluster.advertisements[i], vip)) {
      key.advertisements.push_back(i);
    }
  }
  return key;
}

Policy PolicyOf(const Cluster& cluster, const EligibilityGroupKey& key) {
  const L2Advertisement* first = nullptr;
  for (const size_t index : key.advertisements) {
    const L2Advertisement& advertisement = cluster.advertisements[index];
    if (!advertisement.policy.has_value()) continue;
    if (first == nullptr || advertisement.name < first->name) {
      first = &advertisement;
    }
  }
  return first == nullptr ? cluster.default_policy : *first->policy;
}

Eligibility EligibilityOf(const Cluster& cluster,
                          const EligibilityGroupKey& key,
                          const std::string& name, bool is_member) {
  const auto known = cluster.nodes.find(name);
  const NodeAttributes by_name =
      known == cluster.nodes.end() ? NodeKnownByName(name) : NodeAttributes();
  const NodeAttributes& node =
      known == cluster.nodes.end() ? by_name : known->second;
  const Advertisements reaching = ReachingOf(cluster, key, node.labels);
  Eligibility eligibility = {
      .draining = node.draining || node.silent,
      .silent = node.silent,
      .holding_down =
          node.holding_down && PolicyOf(cluster, key) != Policy::kCompat,
      .score = ScoreOf(reaching, node.labels),
      .interfaces = InterfacesOf(reaching),
      .refresh = RefreshOf(reaching)};
  eligibility.lack = LackOf(node, eligibility.interfaces, key.needed());
  const net::IpFamilies able = AbilityOf(node, eligibility.interfaces);
  eligibility.one_family = !able.IncludesAll(key.needed());
  if (is_member) {
    eligibility.verdict =
        JudgeNode(cluster, key, node, !reaching.empty(), able);
  }
  return eligibility;
}

EndpointRule::EndpointRule(const ServiceTraffic& traffic) {
  if (!traffic.endpoints.has_value()) return;
  std::set<std::string> usable_on;
  for (const ServiceEndpoint& endpoint : *traffic.endpoints) {
    if (endpoint.IsUsable()) usable_on.insert(endpoint.node);
  }
  has_usable_ = !usable_on.empty();
  if (traffic.external_traffic_policy == TrafficPolicy::kLocal) {
    local_ = std::move(usable_on);
  }
}

}  // namespace lb::election
