#include "lb/election/eligibility.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "lb/base/check.h"
#include "lb/election/eligibility_group.h"

namespace lb::election {
namespace {

// Adds what the service's endpoints say. What is wrong with the service comes
// before what is wrong with the node.
NodeVerdict Judge(const Eligibility& eligibility, const EndpointRule& endpoints,
                  const std::string& node) {
  if (eligibility.verdict == NodeVerdict::kNotMember) {
    return eligibility.verdict;
  }
  if (!endpoints.has_usable()) return NodeVerdict::kNoEndpoints;
  if (!eligibility.is_eligible()) return eligibility.verdict;
  return endpoints.Allows(node) ? NodeVerdict::kEligible
                                : NodeVerdict::kNoLocalEndpoints;
}

// Eligible nodes of which `flag` is set are the last resort: no address goes
// dark for it.
void ExcludeIfOthers(Eligibilities& nodes, bool Eligibility::*flag,
                     NodeVerdict (*verdict_of)(const Eligibility&)) {
  const bool has_other =
      std::any_of(nodes.begin(), nodes.end(), [flag](const auto& name_node) {
        const Eligibility& node = name_node.second;
        return node.is_eligible() && !(node.*flag);
      });
  if (!has_other) return;
  for (auto& [name, node] : nodes) {
    if (node.is_eligible() && node.*flag) node.verdict = verdict_of(node);
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
    case NodeVerdict::kNoUsableInterface:
      return "noUsableInterface";
    case NodeVerdict::kNodeDraining:
      return "nodeDraining";
    case NodeVerdict::kNodeSilent:
      return "nodeSilent";
    case NodeVerdict::kOnlyOneFamily:
      return "onlyOneFamily";
    case NodeVerdict::kEligible:
      return "eligible";
  }
  LB_UNREACHABLE();
}

Eligibilities JudgeEligibility(const Cluster& cluster, const Vip& vip) {
  const EligibilityGroupKey key = KeyOf(cluster, vip);
  const std::set<std::string> members(cluster.members.begin(),
                                      cluster.members.end());
  std::set<std::string> names = members;
  for (const auto& [name, node] : cluster.nodes) names.insert(name);
  const EndpointRule endpoints(vip.traffic);
  Eligibilities nodes;
  for (const std::string& name : names) {
    Eligibility eligibility =
        EligibilityOf(cluster, key, name, members.contains(name));
    eligibility.verdict = Judge(eligibility, endpoints, name);
    nodes.emplace(name, std::move(eligibility));
  }
  ExcludeLastResorts(nodes);
  return nodes;
}

}  // namespace lb::election
