// NodeFailureCore: keeps the facts by which JudgeNodeFailures() decides.
//
// The shell tells it what speakers say, which Nodes there are, what became of
// probes, and which nodes were marked; it says what is to be done now.
//
//   NodeFailureCore core({.enabled = true}, "n1");
//   core.SetReport(now, "n2", {"n3"}, /*is_news=*/true);
//   if (core.wants_nodes(now)) List();
//   for (const auto& [node, decision] : core.Judge({now, true, true})) ...
//
// A core: it takes `now` and has no I/O; the shell is NodeFailure. One thread.
#ifndef LB_DAEMON_KUBERNETES_NODE_FAILURE_CORE_H_
#define LB_DAEMON_KUBERNETES_NODE_FAILURE_CORE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/node_failure_judge.h"

namespace lb {

class NodeFailureCore {
 public:
  using Decisions = std::map<std::string, NodeDecision>;
  struct Moment {
    absl::Time now;
    bool holds_lease = false;
    bool follows_reports = false;
  };

  NodeFailureCore(const NodeFailureOptions& options, std::string own_node);

  // All reports are known from now on; those that come are news.
  void BeginFollowing(absl::Time now) { facts_.follows_since = now; }
  // The speaker of the node says that it has lost these members. `is_news`: it
  // said so just now; false: some time before this process followed.
  void SetReport(absl::Time now, const std::string& node,
                 const std::set<std::string>& lost, bool is_news);
  // There is no such report any more.
  void RemoveReport(absl::Time now, const std::string& node);
  // All Nodes, and whether each is ready.
  void SetNodes(absl::Time now, const std::map<std::string, bool>& nodes);
  // A probe of the node was answered, or was not in time.
  void OnProbe(absl::Time now, const std::string& node, bool is_answered);
  // Its pods are being marked.
  void OnMarked(absl::Time now, const std::string& node);

  Decisions Judge(const Moment& moment);
  std::vector<std::string> ToProbe(const Decisions& decisions) const {
    return NodesToProbe(facts_, decisions);
  }

  // A node was lost lately: there may be something to decide soon.
  bool is_busy(absl::Time now) const;
  // And the Nodes that were listed are too old to decide by.
  bool wants_nodes(absl::Time now) const;

  const NodeFailureFacts& facts() const { return facts_; }

 private:
  // InfinitePast: there is none that this process heard.
  absl::Time LastAccusation() const;
  void Accuse(absl::Time at, const std::string& accuser,
              const std::string& node);
  // Notes which nodes that were due are back, and forgets nodes of which
  // nothing is known.
  void Settle(absl::Time now);

  const NodeFailureOptions options_;
  NodeFailureFacts facts_;
  std::map<std::string, std::set<std::string>> reports_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_NODE_FAILURE_CORE_H_
