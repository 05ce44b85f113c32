#include "lb/election/candidates.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "lb/election/electorate.h"

namespace lb::election {
namespace {

using Prospects = std::map<std::string, Prospect>;

// Adds what the service's endpoints say. What is wrong with the service comes
// before what is wrong with the node.
NodeVerdict Judge(const Prospect& prospect, const EndpointRule& endpoints,
                  const std::string& node) {
  if (prospect.verdict == NodeVerdict::kNotMember) return prospect.verdict;
  if (!endpoints.has_usable()) return NodeVerdict::kNoEndpoints;
  if (!prospect.is_candidate()) return prospect.verdict;
  return endpoints.Allows(node) ? NodeVerdict::kNotOwner
                                : NodeVerdict::kNoLocalEndpoints;
}

// Every member and every node that has attributes.
Prospects ProspectsOf(const Cluster& cluster, const Vip& vip,
                      const ElectorateKey& key) {
  const std::set<std::string> members(cluster.members.begin(),
                                      cluster.members.end());
  std::set<std::string> names = members;
  for (const auto& [name, node] : cluster.nodes) names.insert(name);
  const EndpointRule endpoints(vip.traffic);
  Prospects prospects;
  for (const std::string& name : names) {
    Prospect prospect = ProspectOf(cluster, key, name, members.contains(name));
    prospect.verdict = Judge(prospect, endpoints, name);
    prospects.emplace(name, std::move(prospect));
  }
  return prospects;
}

// Candidates of which `flag` is set are the last resort: no address goes dark
// for it.
void ExcludeIfOthers(Prospects& prospects, bool Prospect::*flag,
                     NodeVerdict (*verdict_of)(const Prospect&)) {
  const bool has_other = std::any_of(
      prospects.begin(), prospects.end(), [flag](const auto& name_prospect) {
        const Prospect& prospect = name_prospect.second;
        return prospect.is_candidate() && !(prospect.*flag);
      });
  if (!has_other) return;
  for (auto& [name, prospect] : prospects) {
    if (prospect.is_candidate() && prospect.*flag) {
      prospect.verdict = verdict_of(prospect);
    }
  }
}

void ExcludeLastResorts(Prospects& prospects) {
  ExcludeIfOthers(prospects, &Prospect::draining, [](const Prospect& prospect) {
    return prospect.silent ? NodeVerdict::kNodeSilent
                           : NodeVerdict::kNodeDraining;
  });
  ExcludeIfOthers(prospects, &Prospect::one_family,
                  [](const Prospect&) { return NodeVerdict::kOnlyOneFamily; });
}

// Empty: nothing is missing, or the node never tells.
std::string LackOf(const Cluster& cluster, const std::string& name,
                   const Prospect& prospect, const net::IpFamilies& needed) {
  const auto node = cluster.nodes.find(name);
  if (node == cluster.nodes.end()) return "";
  const auto& abilities = node->second.usable_interfaces;
  if (!abilities.has_value() ||
      AbilityOn(*abilities, prospect.interfaces).IncludesAll(needed)) {
    return "";
  }
  return DescribeLack(*abilities, prospect.interfaces, needed);
}

std::vector<RankedNode> RankCandidates(const Prospects& prospects,
                                       const net::IpAddress& address) {
  std::vector<Candidate> candidates;
  for (const auto& [name, prospect] : prospects) {
    if (prospect.is_candidate()) candidates.push_back({name, prospect.score});
  }
  std::vector<RankedNode> ranked = Rank(candidates, address.ToString());
  std::stable_partition(ranked.begin(), ranked.end(),
                        [&](const RankedNode& node) {
                          return !prospects.at(node.node).holding_down;
                        });
  return ranked;
}

bool HolderKeeps(const Prospects& prospects, const Vip& vip, Policy policy) {
  if (policy == Policy::kCompat || !vip.holder.has_value()) return false;
  const auto holder = prospects.find(*vip.holder);
  return holder != prospects.end() && holder->second.is_candidate();
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
  const ElectorateKey key = KeyOf(cluster, vip);
  Prospects prospects = ProspectsOf(cluster, vip, key);
  ExcludeLastResorts(prospects);
  Decision decision = {.ranked = RankCandidates(prospects, vip.address),
                       .policy = PolicyOf(cluster, key)};
  if (HolderKeeps(prospects, vip, decision.policy)) {
    decision.winner = vip.holder;
  } else if (!decision.ranked.empty()) {
    decision.winner = decision.ranked.front().node;
  }
  for (const auto& [name, prospect] : prospects) {
    const bool wins = decision.winner == name;
    decision.standings.push_back(
        {name, wins ? NodeVerdict::kAnnouncer : prospect.verdict,
         prospect.score, LackOf(cluster, name, prospect, key.needed())});
    if (wins) decision.interfaces = prospect.interfaces;
  }
  return decision;
}

}  // namespace lb::election
