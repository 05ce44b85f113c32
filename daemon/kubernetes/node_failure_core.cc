#include "daemon/kubernetes/node_failure_core.h"

#include <algorithm>
#include <utility>

namespace lb {
namespace {

// Nodes that were listed so long before an accusation still count.
constexpr absl::Duration kListedBefore = absl::Seconds(5);

}  // namespace

NodeFailureCore::NodeFailureCore(const NodeFailureOptions& options,
                                 std::string own_node)
    : options_(options) {
  facts_.own_node = std::move(own_node);
  facts_.follows_since = absl::InfiniteFuture();
}

void NodeFailureCore::SetReport(absl::Time now, const std::string& node,
                                const std::set<std::string>& lost,
                                bool is_news) {
  const auto [known, is_first] = reports_.try_emplace(node);
  if (!is_first && known->second == lost) return;
  const std::set<std::string> before = std::exchange(known->second, lost);
  NodeFact& reporter = facts_.nodes[node];
  reporter.speaks = true;
  if (is_news) reporter.reported_at = now;
  for (const std::string& name : before) {
    if (!lost.contains(name)) facts_.nodes[name].accusers.erase(node);
  }
  for (const std::string& name : lost) {
    if (before.contains(name)) continue;
    Accuse(is_news ? now : absl::InfinitePast(), node, name);
  }
  Settle(now);
}

void NodeFailureCore::RemoveReport(absl::Time now, const std::string& node) {
  const auto known = reports_.find(node);
  if (known == reports_.end()) return;
  for (const std::string& name : known->second) {
    facts_.nodes[name].accusers.erase(node);
  }
  reports_.erase(known);
  facts_.nodes[node].speaks = false;
  Settle(now);
}

void NodeFailureCore::Accuse(absl::Time at, const std::string& accuser,
                             const std::string& node) {
  NodeFact& fact = facts_.nodes[node];
  if (fact.accusers.empty()) fact.silent_probes = 0;
  fact.accusers[accuser] = at;
}

void NodeFailureCore::SetNodes(absl::Time now,
                               const std::map<std::string, bool>& nodes) {
  facts_.listed_at = now;
  for (auto& [name, node] : facts_.nodes) {
    if (!nodes.contains(name)) node.exists = node.is_ready = false;
  }
  for (const auto& [name, is_ready] : nodes) {
    NodeFact& node = facts_.nodes[name];
    node.exists = true;
    node.is_ready = is_ready;
  }
  Settle(now);
}

void NodeFailureCore::OnProbe(absl::Time now, const std::string& node,
                              bool is_answered) {
  const auto known = facts_.nodes.find(node);
  if (known == facts_.nodes.end()) return;
  if (is_answered) {
    known->second.answered_at = now;
    known->second.silent_probes = 0;
  } else {
    ++known->second.silent_probes;
  }
}

void NodeFailureCore::OnMarked(absl::Time now, const std::string& node) {
  facts_.nodes[node].marked_at = now;
}

NodeFailureCore::Decisions NodeFailureCore::Judge(const Moment& moment) {
  facts_.now = moment.now;
  facts_.holds_lease = moment.holds_lease;
  facts_.follows_reports = moment.follows_reports;
  Decisions decisions = JudgeNodeFailures(facts_, options_);
  for (const auto& [name, decision] : decisions) {
    const bool is_due = decision.verdict == NodeVerdict::kNoLease ||
                        decision.verdict == NodeVerdict::kMark;
    if (is_due) facts_.nodes.at(name).due_at = moment.now;
  }
  return decisions;
}

absl::Time NodeFailureCore::LastAccusation() const {
  absl::Time last = absl::InfinitePast();
  for (const auto& [name, node] : facts_.nodes) {
    for (const auto& [accuser, since] : node.accusers) {
      last = std::max(last, since);
    }
  }
  return last;
}

bool NodeFailureCore::is_busy(absl::Time now) const {
  return LastAccusation() >= now - kActWithin;
}

bool NodeFailureCore::wants_nodes(absl::Time now) const {
  return is_busy(now) && facts_.listed_at < LastAccusation() - kListedBefore;
}

void NodeFailureCore::Settle(absl::Time now) {
  facts_.now = now;
  const Decisions decisions = JudgeNodeFailures(facts_, options_);
  for (auto& [name, node] : facts_.nodes) {
    const bool was_due = node.due_at > node.returned_at;
    const auto found = decisions.find(name);
    const bool is_back = found == decisions.end() ||
                         found->second.since == absl::InfiniteFuture();
    if (was_due && is_back) node.returned_at = now;
  }
  std::erase_if(facts_.nodes, [](const auto& one) {
    const NodeFact& node = one.second;
    return !node.exists && !node.speaks && node.accusers.empty();
  });
}

}  // namespace lb
