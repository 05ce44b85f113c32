#include "lb/election/explanation.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/election/eligibility.h"

namespace lb::election {
namespace {

NodeVerdict VerdictOf(const Decision& decision, const std::string& node) {
  for (const NodeStanding& standing : decision.standings) {
    if (standing.node == node) return standing.verdict;
  }
  return NodeVerdict::kNotMember;
}

// "n1 ranks first of 3: it has the lowest digest"
std::string WhyFirst(const Decision& decision) {
  const RankedNode& first = decision.ranked.front();
  if (decision.ranked.size() == 1) {
    return fmt::format("{} is the only candidate", first.node);
  }
  const RankedNode& second = decision.ranked[1];
  const std::string_view why =
      first.score > second.score     ? "it has the highest score"
      : first.digest < second.digest ? "it has the lowest digest"
                                     : "others hold down";
  return fmt::format("{} ranks first of {}: {}", first.node,
                     decision.ranked.size(), why);
}

// "nobody holds it; ", "its holder n3 is notMember; "; nothing with compat.
std::string WhyNotTheHolder(const Decision& decision, const Vip& vip) {
  if (decision.policy == Policy::kCompat) return "";
  if (!vip.holder.has_value()) return "nobody holds it; ";
  return fmt::format("its holder {} is {}; ", *vip.holder,
                     ToString(VerdictOf(decision, *vip.holder)));
}

std::string ReasonOf(const Decision& decision, const Vip& vip) {
  if (!decision.winner.has_value()) return "no node is a candidate";
  if (decision.policy != Policy::kCompat && decision.winner == vip.holder) {
    return fmt::format("{} holds it and is a candidate", *decision.winner);
  }
  return WhyNotTheHolder(decision, vip) + WhyFirst(decision);
}

// "4 of at most 5"
std::string ToText(const Load& load) {
  return fmt::format("{} of at most {}", load.announced, load.share);
}

std::string BalancedReasonOf(const Decision& decision, const Vip& vip,
                             const Load& load) {
  const std::string& winner = *decision.winner;
  if (decision.winner == vip.holder) {
    return fmt::format("{} holds it and announces {}", winner, ToText(load));
  }
  const bool holder_is_full =
      vip.holder.has_value() &&
      VerdictOf(decision, *vip.holder) == NodeVerdict::kNotOwner;
  const std::string holder =
      holder_is_full ? fmt::format("its holder {} has its share; ", *vip.holder)
                     : WhyNotTheHolder(decision, vip);
  if (load.announced > load.share) {
    return fmt::format(
        "{}no candidate has room: {}, the least loaded, announces {}", holder,
        winner, ToText(load));
  }
  return fmt::format("{}{} is the first of {} that has room, {}", holder,
                     winner, decision.ranked.size(), ToText(load));
}

// All but the reason.
Explanation Describe(const Vip& vip, const Decision& decision) {
  Explanation explanation = {.address = vip.address,
                             .policy = decision.policy,
                             .holder = vip.holder,
                             .winner = decision.winner,
                             .interfaces = decision.interfaces};
  std::map<std::string_view, size_t> ranks;
  for (const RankedNode& node : decision.ranked) {
    ranks.emplace(node.node, ranks.size() + 1);
  }
  const std::string subject = vip.address.ToString();
  Digester digester;
  for (const NodeStanding& standing : decision.standings) {
    const auto rank = ranks.find(standing.node);
    explanation.nodes.push_back(
        {standing.node, standing.verdict,
         rank == ranks.end() ? 0 : rank->second, standing.score,
         digester.Of(standing.node, subject), standing.lack});
  }
  // Rank 0 is no candidate: the unsigned number before it is the largest.
  std::stable_sort(explanation.nodes.begin(), explanation.nodes.end(),
                   [](const NodeExplanation& a, const NodeExplanation& b) {
                     return a.rank - 1 < b.rank - 1;
                   });
  return explanation;
}

}  // namespace

Explanation Explain(const Cluster& cluster, const Vip& vip) {
  const Decision decision = Elect(cluster, vip);
  Explanation explanation = Describe(vip, decision);
  explanation.reason = ReasonOf(decision, vip);
  return explanation;
}

Explanation ExplainBalanced(const Cluster& cluster, const Vip& vip,
                            const std::string& winner, const Load& load) {
  const Eligibilities nodes = JudgeEligibility(cluster, vip);
  Decision decision = Elect(nodes, vip, Policy::kBalanced);
  decision.winner = winner;
  for (NodeStanding& standing : decision.standings) {
    if (standing.node == winner) {
      standing.verdict = NodeVerdict::kAnnouncer;
    } else if (standing.verdict == NodeVerdict::kAnnouncer) {
      standing.verdict = NodeVerdict::kNotOwner;
    }
  }
  decision.interfaces = nodes.at(winner).interfaces;
  Explanation explanation = Describe(vip, decision);
  explanation.reason = BalancedReasonOf(decision, vip, load);
  return explanation;
}

}  // namespace lb::election
