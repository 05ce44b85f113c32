#include "lb/election/candidates.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/check.h"

namespace lb::election {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

bool Reaches(const L2Advertisement& advertisement, const Labels& node) {
  return advertisement.node_selectors.empty() ||
         MatchesAny(advertisement.node_selectors, node);
}

// One election: what holds for the service as a whole is worked out once.
class Election {
 public:
  Election(const Cluster& cluster, const Vip& vip)
      : cluster_(cluster),
        vip_(vip),
        members_(cluster.members.begin(), cluster.members.end()) {
    for (const L2Advertisement& advertisement : cluster.advertisements) {
      if (!AppliesToPool(advertisement, vip)) continue;
      if (!AppliesToService(advertisement, vip)) continue;
      advertisements_.push_back(&advertisement);
      restricted_to_services_ |= !advertisement.service_selectors.empty();
    }
    if (!vip.traffic.endpoints.has_value()) return;
    for (const ServiceEndpoint& endpoint : *vip.traffic.endpoints) {
      if (endpoint.IsUsable()) usable_on_.insert(endpoint.node);
    }
  }

  Decision Decide() const {
    Decision decision;
    std::set<std::string> names = members_;
    for (const auto& [name, node] : cluster_.nodes) names.insert(name);
    std::vector<Candidate> candidates;
    for (const std::string& name : names) {
      const NodeVerdict verdict = Judge(name);
      decision.standings.push_back({name, verdict});
      if (verdict == NodeVerdict::kNotOwner) {
        candidates.push_back({name, Score(LabelsOf(name))});
      }
    }
    decision.ranked = Rank(candidates, vip_.address.ToString());
    if (!decision.ranked.empty()) Crown(&decision);
    return decision;
  }

 private:
  // kNotOwner: a candidate. What is wrong with the service comes before what
  // is wrong with the node.
  NodeVerdict Judge(const std::string& name) const {
    if (!members_.contains(name)) return NodeVerdict::kNotMember;
    if (vip_.traffic.endpoints.has_value() && usable_on_.empty()) {
      return NodeVerdict::kNoEndpoints;
    }
    if (vip_.traffic.has_sharing_key && restricted_to_services_) {
      return NodeVerdict::kSharedIpWithServiceSelector;
    }
    const Labels labels = LabelsOf(name);
    if (!IsReached(labels)) return NodeVerdict::kNoMatchingAdvertisement;
    const auto node = cluster_.nodes.find(name);
    if (node != cluster_.nodes.end() && node->second.network_unavailable) {
      return NodeVerdict::kNodeNetworkUnavailable;
    }
    if (!cluster_.ignore_exclude_label &&
        labels.contains(std::string(kExcludeLabel))) {
      return NodeVerdict::kNodeLabeledExcludeBalancers;
    }
    if (!HasLocalEndpoint(name)) return NodeVerdict::kNoLocalEndpoints;
    return NodeVerdict::kNotOwner;
  }

  bool HasLocalEndpoint(const std::string& name) const {
    return vip_.traffic.external_traffic_policy == TrafficPolicy::kCluster ||
           !vip_.traffic.endpoints.has_value() || usable_on_.contains(name);
  }

  Labels LabelsOf(const std::string& name) const {
    const auto node = cluster_.nodes.find(name);
    if (node != cluster_.nodes.end()) return node->second.labels;
    return {{std::string(kHostnameLabel), name}};
  }

  bool IsReached(const Labels& node) const {
    return std::any_of(advertisements_.begin(), advertisements_.end(),
                       [&](const L2Advertisement* advertisement) {
                         return Reaches(*advertisement, node);
                       });
  }

  int64_t Score(const Labels& node) const {
    int64_t score = 0;
    for (const L2Advertisement* advertisement : advertisements_) {
      if (!Reaches(*advertisement, node)) continue;
      for (const PreferredNodes& preferred : advertisement->preferred_nodes) {
        if (preferred.preference.Matches(node)) score += preferred.weight;
      }
    }
    return score;
  }

  void Crown(Decision* decision) const {
    const std::string& winner = decision->ranked.front().node;
    decision->winner = winner;
    decision->interfaces = Interfaces(LabelsOf(winner));
    for (NodeStanding& standing : decision->standings) {
      if (standing.node == winner) standing.verdict = NodeVerdict::kAnnouncer;
    }
  }

  // The union over the advertisements that reach the node; one that names no
  // interface means all.
  std::vector<std::string> Interfaces(const Labels& node) const {
    std::set<std::string> interfaces;
    for (const L2Advertisement* advertisement : advertisements_) {
      if (!Reaches(*advertisement, node)) continue;
      if (advertisement->interfaces.empty()) return {};
      interfaces.insert(advertisement->interfaces.begin(),
                        advertisement->interfaces.end());
    }
    return {interfaces.begin(), interfaces.end()};
  }

  const Cluster& cluster_;
  const Vip& vip_;
  const std::set<std::string> members_;
  std::vector<const L2Advertisement*>
      advertisements_;                   // That match the pool and service.
  bool restricted_to_services_ = false;  // One of them has serviceSelectors.
  std::set<std::string> usable_on_;      // Nodes of usable endpoints.
};

}  // namespace

std::string_view ToString(NodeVerdict verdict) {
  switch (verdict) {
    case NodeVerdict::kAnnouncer:
      return "announcer";
    case NodeVerdict::kNotOwner:
      return "notOwner";
    case NodeVerdict::kNotMember:
      return "notMember";
    case NodeVerdict::kNoEndpoints:
      return "noEndpoints";
    case NodeVerdict::kNoMatchingAdvertisement:
      return "noMatchingAdvertisement";
    case NodeVerdict::kSharedIpWithServiceSelector:
      return "sharedIPWithServiceSelector";
    case NodeVerdict::kNodeNetworkUnavailable:
      return "nodeNetworkUnavailable";
    case NodeVerdict::kNodeLabeledExcludeBalancers:
      return "nodeLabeledExcludeBalancers";
    case NodeVerdict::kNoLocalEndpoints:
      return "noLocalEndpoints";
  }
  LB_UNREACHABLE();
}

Decision Elect(const Cluster& cluster, const Vip& vip) {
  return Election(cluster, vip).Decide();
}

}  // namespace lb::election
