#include "lb/election/election.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lb/election/eligibility_group.h"

namespace lb::election {
namespace {

std::vector<RankedNode> RankCandidates(const Eligibilities& nodes,
                                       const net::IpAddress& address) {
  std::vector<Candidate> candidates;
  for (const auto& [name, node] : nodes) {
    if (node.is_eligible()) candidates.push_back({name, node.score});
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
  return holder != nodes.end() && holder->second.is_eligible();
}

NodeVerdict StandingOf(const Eligibility& node, bool wins) {
  if (!node.is_eligible()) return node.verdict;
  return wins ? NodeVerdict::kAnnouncer : NodeVerdict::kNotOwner;
}

}  // namespace

Decision Elect(const Eligibilities& nodes, const Vip& vip, Policy policy) {
  Decision decision = {.ranked = RankCandidates(nodes, vip.address),
                       .policy = policy};
  if (HolderKeeps(nodes, vip, policy)) {
    decision.winner = vip.holder;
  } else if (!decision.ranked.empty()) {
    decision.winner = decision.ranked.front().node;
  }
  for (const auto& [name, node] : nodes) {
    const bool wins = decision.winner == name;
    decision.standings.push_back(
        {name, StandingOf(node, wins), node.score, node.lack});
    if (wins) decision.interfaces = node.interfaces;
  }
  return decision;
}

Decision Elect(const Cluster& cluster, const Vip& vip) {
  return Elect(JudgeEligibility(cluster, vip), vip,
               PolicyOf(cluster, KeyOf(cluster, vip)));
}

}  // namespace lb::election
