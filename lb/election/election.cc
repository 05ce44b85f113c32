#include "lb/election/election.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "lb/election/eligibility_group.h"

namespace lb::election {
namespace {

using Eligibilities = std::map<std::string, Eligibility>;

// Adds what the service's endpoints say. What is wrong with the service comes
// before what is wrong with the node.
NodeVerdict Judge(const Eligibility& eligibility, const EndpointRule& endpoints,
                  const std::string& node) {
  if (eligibility.verdict == NodeVerdict::kNotMember)
    return eligibility.verdict;
  if (!endpoints.has_usable()) return NodeVerdict::kNoEndpoints;
  if (!eligibility.is_candidate()) return eligibility.verdict;
  return endpoints.Allows(node) ? NodeVerdict::kNotOwner
                                : NodeVerdict::kNoLocalEndpoints;
}

// Every member and every node that has attributes.
Eligibilities EligibilityOfAll(const Cluster& cluster, const Vip& vip,
                               const EligibilityGroupKey& key) {
  const std::set<std::string> members(cluster.members.begin(),
                                      cluster.members.end());
  std::set<std::string> names = members;
  for (const auto& [name, node] : cluster.nodes) names.insert(name);
  const EndpointRule endpoints(vip.traffic);
  Eligibilities nodes;
  for (const std::string& name : names) {
    Eligibility node =
        EligibilityOf(cluster, key, name, members.contains(name));
    node.verdict = Judge(node, endpoints, name);
    nodes.emplace(name, std::move(node));
  }
  return nodes;
}

// Candidates of which `flag` is set are the last resort: no address goes dark
// for it.
void ExcludeIfOthers(Eligibilities& nodes, bool Eligibility::*flag,
                     NodeVerdict (*verdict_of)(const Eligibility&)) {
  const bool has_other =
      std::any_of(nodes.begin(), nodes.end(), [flag](const auto& name_node) {
        const Eligibility& node = name_node.second;
        return node.is_candidate() && !(node.*flag);
      });
  if (!has_other) return;
  for (auto& [name, node] : nodes) {
    if (node.is_candidate() && node.*flag) {
      node.verdict = verdict_of(node);
    }
  }
}

void ExcludeLastResorts(Eligibilities& nodes) {
  ExcludeIfOthers(nodes, &Eligibility::draining, [](const Eligibility& node) {
    return node.silent ? NodeVerdict::kNodeSilent : NodeVerdict::kNodeDraining;
  });
  ExcludeIfOthers(nodes, &Eligibility::one_family, [](const Eligibility&) {
    return NodeVerdict::kOnlyOneFamily;
  });
}

// Empty: nothing is missing, or the node never tells.
std::string LackOf(const Cluster& cluster, const std::string& name,
                   const Eligibility& eligibility,
                   const net::IpFamilies& needed) {
  const auto node = cluster.nodes.find(name);
  if (node == cluster.nodes.end()) return "";
  const auto& abilities = node->second.usable_interfaces;
  if (!abilities.has_value() ||
      AbilityOn(*abilities, eligibility.interfaces).IncludesAll(needed)) {
    return "";
  }
  return DescribeLack(*abilities, eligibility.interfaces, needed);
}

std::vector<RankedNode> RankCandidates(const Eligibilities& nodes,
                                       const net::IpAddress& address) {
  std::vector<Candidate> candidates;
  for (const auto& [name, node] : nodes) {
    if (node.is_candidate()) candidates.push_back({name, node.score});
  }
  std::vector<RankedNode> ranked = Rank(candidates, address.ToString());
  std::stable_partition(ranked.begin(), ranked.end(),
                        [&](const RankedNode& node) {
                          return !nodes.at(node.node).holding_down;
                        });
  return ranked;
}

bool HolderKeeps(const Eligibilities& nodes, const Vip& vip, Policy policy) {
  if (policy == Policy::kCompat || !vip.holder.has_value()) return false;
  const auto holder = nodes.find(*vip.holder);
  return holder != nodes.end() && holder->second.is_candidate();
}

}  // namespace

std::optional<absl::Duration> MoreOften(std::optional<absl::Duration> a,
                                        std::optional<absl::Duration> b) {
  if (!a || !b) return a ? a : b;
  if (*a == absl::ZeroDuration()) return b;
  return *b == absl::ZeroDuration() ? a : std::min(*a, *b);
}

NodeAttributes NodeKnownByName(std::string name) {
  Labels labels = {{std::string(kHostnameLabel), name}};
  return {.name = std::move(name), .labels = std::move(labels)};
}

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
    case NodeVerdict::kNoUsableInterface:
      return "noUsableInterface";
    case NodeVerdict::kNodeDraining:
      return "nodeDraining";
    case NodeVerdict::kNodeSilent:
      return "nodeSilent";
    case NodeVerdict::kOnlyOneFamily:
      return "onlyOneFamily";
  }
  LB_UNREACHABLE();
}

Decision Elect(const Cluster& cluster, const Vip& vip) {
  const EligibilityGroupKey key = KeyOf(cluster, vip);
  Eligibilities nodes = EligibilityOfAll(cluster, vip, key);
  ExcludeLastResorts(nodes);
  Decision decision = {.ranked = RankCandidates(nodes, vip.address),
                       .policy = PolicyOf(cluster, key)};
  if (HolderKeeps(nodes, vip, decision.policy)) {
    decision.winner = vip.holder;
  } else if (!decision.ranked.empty()) {
    decision.winner = decision.ranked.front().node;
  }
  for (const auto& [name, node] : nodes) {
    const bool wins = decision.winner == name;
    decision.standings.push_back(
        {name, wins ? NodeVerdict::kAnnouncer : node.verdict, node.score,
         LackOf(cluster, name, node, key.needed())});
    if (wins) decision.interfaces = node.interfaces;
  }
  return decision;
}

}  // namespace lb::election
