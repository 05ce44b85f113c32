#include "daemon/kubernetes/node_failure_judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb {
namespace {

bool IsMember(const NodeFact& node) {
  return node.exists && node.is_ready && node.speaks;
}

// Half of the members, the node itself among them, rounded up.
size_t HalfOf(size_t members) { return (members + 1) / 2; }

class Judge {
 public:
  Judge(const NodeFailureFacts& facts, const NodeFailureOptions& options)
      : facts_(facts), options_(options) {
    for (const auto& [name, node] : facts_.nodes) {
      if (IsMember(node)) members_.insert(name);
      if (node.exists && node.speaks) ++speaking_;
    }
    for (const auto& [name, node] : facts_.nodes) {
      size_t accusers = 0;
      for (const auto& [accuser, since] : node.accusers) {
        accusers += Counts(accuser, name) ? 1 : 0;
      }
      if (accusers > 0 && accusers >= NeededFor(name)) lost_.insert(name);
    }
  }

  std::map<std::string, NodeDecision> Decide() {
    std::map<std::string, NodeDecision> decisions;
    std::set<std::pair<absl::Time, std::string>> order;
    for (const auto& [name, node] : facts_.nodes) {
      if (node.accusers.empty()) continue;
      NodeDecision& decision = decisions[name] = Confirm(name, node);
      decision.verdict = FirstVerdict(name, node, decision);
      order.insert({decision.since, name});
    }
    // The limit counts those that are out, then each that is marked now.
    size_t out = CountOut(decisions);
    for (const auto& [since, name] : order) {
      NodeDecision& decision = decisions.at(name);
      if (decision.verdict != NodeVerdict::kMark) continue;
      if (out >= allowed()) {
        decision.verdict = NodeVerdict::kLimit;
        decision.why = fmt::format(
            "{} of {} nodes are out already, and at most {} may be (one in {})",
            out, speaking_, allowed(), options_.limit);
        continue;
      }
      ++out;
    }
    return decisions;
  }

 private:
  bool Counts(const std::string& accuser, const std::string& node) const {
    return accuser != node && members_.contains(accuser);
  }
  size_t NeededFor(const std::string& node) const {
    return HalfOf(members_.size() + (members_.contains(node) ? 0 : 1));
  }
  size_t allowed() const {
    return options_.limit < 1 ? 0 : speaking_ / options_.limit;
  }

  // The accusers that count, and since when they are enough.
  NodeDecision Confirm(const std::string& name, const NodeFact& node) const {
    NodeDecision decision;
    std::vector<absl::Time> times;
    for (const auto& [accuser, since] : node.accusers) {
      if (!Counts(accuser, name) || lost_.contains(accuser)) continue;
      decision.accusers.push_back(accuser);
      times.push_back(since);
    }
    std::sort(times.begin(), times.end());
    const size_t needed = NeededFor(name);
    decision.since = times.size() < needed || needed == 0
                         ? absl::InfiniteFuture()
                         : times[needed - 1];
    return decision;
  }

  // Without the limit, which is a matter of all nodes.
  NodeVerdict FirstVerdict(const std::string& name, const NodeFact& node,
                           NodeDecision& decision) const {
    const absl::Time since = decision.since;
    if (!node.exists || !node.is_ready) return NodeVerdict::kKubernetesKnows;
    if (since == absl::InfiniteFuture()) return NodeVerdict::kUnconfirmed;
    if (name == facts_.own_node) return NodeVerdict::kOwnNode;
    if (node.marked_at >= since && node.marked_at != absl::InfinitePast()) {
      return NodeVerdict::kMarked;
    }
    if (since == absl::InfinitePast()) return NodeVerdict::kOld;
    if (IsAlive(node, decision)) return NodeVerdict::kAlive;
    if (facts_.now - since > kActWithin) return NodeVerdict::kOld;
    if (facts_.now - facts_.follows_since < kFollowFirst) {
      return NodeVerdict::kStarting;
    }
    const bool was_listed = facts_.listed_at >= since - kNodesMaxAge;
    if (!was_listed || facts_.now < since + options_.grace ||
        node.silent_probes < kSilentProbes) {
      return NodeVerdict::kWaiting;
    }
    if (!facts_.holds_lease) return NodeVerdict::kNoLease;
    decision.why = WhyIsolated(name);
    if (!decision.why.empty()) return NodeVerdict::kIsolated;
    if (node.returned_at > facts_.now - kCoolDown) {
      decision.why =
          fmt::format("it was marked, and came back, less than {} ago",
                      absl::FormatDuration(kCoolDown));
      return NodeVerdict::kCoolDown;
    }
    return NodeVerdict::kMark;
  }

  bool IsAlive(const NodeFact& node, const NodeDecision& decision) const {
    absl::Time first = absl::InfiniteFuture();
    for (const std::string& accuser : decision.accusers) {
      const absl::Time since = node.accusers.at(accuser);
      if (since != absl::InfinitePast()) first = std::min(first, since);
    }
    return node.answered_at >= first || node.reported_at >= first - kSaidWithin;
  }

  std::string WhyIsolated(const std::string& node) const {
    if (!facts_.follows_reports) {
      return "what speakers say does not come in";
    }
    size_t probed = 0;
    size_t reached = 0;
    for (const std::string& member : members_) {
      if (member == node || probed == kProbedMembersMax) continue;
      ++probed;
      const NodeFact& fact = facts_.nodes.find(member)->second;
      const bool is_here = member == facts_.own_node ||
                           fact.answered_at >= facts_.now - kReachedFor;
      reached += is_here ? 1 : 0;
    }
    if (reached >= HalfOf(probed + 1)) return "";
    return fmt::format("this controller reaches {} of {} other nodes itself",
                       reached, probed);
  }

  size_t CountOut(const std::map<std::string, NodeDecision>& decisions) const {
    size_t out = 0;
    for (const auto& [name, node] : facts_.nodes) {
      if (!node.exists || !node.speaks) continue;
      const auto found = decisions.find(name);
      const bool is_lost = found != decisions.end() &&
                           (found->second.verdict == NodeVerdict::kMarked ||
                            found->second.verdict == NodeVerdict::kStarting ||
                            found->second.verdict == NodeVerdict::kOld);
      const bool is_back = node.returned_at > facts_.now - kCoolDown;
      out += is_lost || is_back || !node.is_ready ? 1 : 0;
    }
    return out;
  }

  const NodeFailureFacts& facts_;
  const NodeFailureOptions& options_;
  std::set<std::string> members_;
  std::set<std::string> lost_;  // To half of the members.
  size_t speaking_ = 0;         // Nodes with a speaker, ready or not.
};

bool MayBeMarked(NodeVerdict verdict) {
  switch (verdict) {
    case NodeVerdict::kUnconfirmed:
    case NodeVerdict::kKubernetesKnows:
    case NodeVerdict::kOwnNode:
    case NodeVerdict::kMarked:
    case NodeVerdict::kOld:
    case NodeVerdict::kStarting:
    case NodeVerdict::kAlive:
    case NodeVerdict::kCoolDown:
      return false;
    case NodeVerdict::kWaiting:
    case NodeVerdict::kNoLease:
    case NodeVerdict::kIsolated:
    case NodeVerdict::kLimit:
    case NodeVerdict::kMark:
      return true;
  }
  LB_UNREACHABLE();
}

}  // namespace

std::string_view ToString(NodeVerdict verdict) {
  switch (verdict) {
    case NodeVerdict::kUnconfirmed:
      return "Unconfirmed";
    case NodeVerdict::kKubernetesKnows:
      return "KubernetesKnows";
    case NodeVerdict::kOwnNode:
      return "OwnNode";
    case NodeVerdict::kMarked:
      return "Marked";
    case NodeVerdict::kOld:
      return "Old";
    case NodeVerdict::kStarting:
      return "Starting";
    case NodeVerdict::kAlive:
      return "Alive";
    case NodeVerdict::kWaiting:
      return "Waiting";
    case NodeVerdict::kNoLease:
      return "NoLease";
    case NodeVerdict::kIsolated:
      return "Isolated";
    case NodeVerdict::kCoolDown:
      return "CoolDown";
    case NodeVerdict::kLimit:
      return "Limit";
    case NodeVerdict::kMark:
      return "Mark";
  }
  LB_UNREACHABLE();
}

std::map<std::string, NodeDecision> JudgeNodeFailures(
    const NodeFailureFacts& facts, const NodeFailureOptions& options) {
  return Judge(facts, options).Decide();
}

std::vector<std::string> NodesToProbe(
    const NodeFailureFacts& facts,
    const std::map<std::string, NodeDecision>& decisions) {
  std::set<std::string> nodes;
  for (const auto& [name, decision] : decisions) {
    if (MayBeMarked(decision.verdict)) nodes.insert(name);
  }
  if (nodes.empty()) return {};
  size_t members = 0;
  for (const auto& [name, node] : facts.nodes) {
    // One more: the node in question is left out of those that show it.
    if (!IsMember(node) || members > kProbedMembersMax) continue;
    ++members;
    nodes.insert(name);
  }
  return {nodes.begin(), nodes.end()};
}

}  // namespace lb
