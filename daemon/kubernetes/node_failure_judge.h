// JudgeNodeFailures: which nodes have died, by what several know, so that the
// pods of a node may be marked NotReady before Kubernetes does it.
//
// A node is marked if all of this holds, and left to Kubernetes otherwise:
//
//   - at least half of the members, the node itself among them, have lost it by
//     pings of their own, and have said so for `grace`. Members are the nodes
//     that Kubernetes holds for ready and that have a speaker. What a node says
//     that is itself lost to half of them does not count;
//   - this process follows what speakers say for kFollowFirst, and heard that
//     not more than kActWithin ago: after that Kubernetes acts by itself;
//   - the node has answered none of this process's own probes since, and its
//     speaker has said nothing new;
//   - this process reaches at least half of the members itself, and has the
//     Lease;
//   - fewer than one node in `limit` is out already: marked, lost for long, not
//     ready, or back for less than kCoolDown;
//   - the node itself did not come back within the last kCoolDown.
//
// Marking is for a node without power. One whose kernel still answers is left
// to its kubelet, whatever became of its speaker.
//
// Pure and total: the same facts give the same verdicts, and any facts give
// one for each node. NodeFailureCore keeps the facts.
#ifndef LB_DAEMON_KUBERNETES_NODE_FAILURE_JUDGE_H_
#define LB_DAEMON_KUBERNETES_NODE_FAILURE_JUDGE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace lb {

struct NodeFailureOptions {
  bool enabled = false;
  absl::Duration grace = absl::Seconds(1);
  // At most one node in so many is out; 3: one of 3 to 5 nodes, two of 6.
  int limit = 3;
};

// What is known of one node. Times are the loop's.
struct NodeFact {
  bool exists = false;    // There is a Node of this name,
  bool is_ready = false;  // and Kubernetes holds it for ready.
  bool speaks = false;    // Its speaker says which members it has lost.
  // When the speaker last said something else; InfinitePast: not since this
  // process follows.
  absl::Time reported_at = absl::InfinitePast();
  // The nodes whose speakers have lost this one, and since when they say so;
  // InfinitePast: since before this process followed.
  std::map<std::string, absl::Time, std::less<>> accusers;
  // This process's own probes: the last answer, and how many had none since.
  absl::Time answered_at = absl::InfinitePast();
  int silent_probes = 0;
  absl::Time marked_at = absl::InfinitePast();  // By this process.
  // When it was due to be marked, also if another process has the Lease, and
  // when it was found again after that.
  absl::Time due_at = absl::InfinitePast();
  absl::Time returned_at = absl::InfinitePast();

  friend bool operator==(const NodeFact&, const NodeFact&) = default;
};

struct NodeFailureFacts {
  absl::Time now;
  bool holds_lease = false;
  bool follows_reports = false;  // What speakers say comes in.
  // Since when; what was marked before is not known. InfinitePast: for ever.
  absl::Time follows_since = absl::InfinitePast();
  absl::Time listed_at = absl::InfinitePast();  // The Nodes.
  std::string own_node;  // That of this process; empty: not known.
  std::map<std::string, NodeFact, std::less<>> nodes;
};

enum class NodeVerdict {
  kUnconfirmed,      // Too few members have lost it.
  kKubernetesKnows,  // There is no such Node, or it is not ready.
  kOwnNode,          // This process runs there.
  kMarked,           // It was marked for this.
  kOld,              // Kubernetes is about to act itself, or has.
  kStarting,         // This process follows for less than kFollowFirst.
  kAlive,            // It answers, or its speaker does.
  kWaiting,          // For `grace`, the Nodes, or the probes.
  kNoLease,          // Another controller acts.
  kIsolated,         // This process does not reach half of the members.
  kCoolDown,         // It was marked a moment ago, and came back.
  kLimit,            // Too many nodes are out.
  kMark,             // Its pods are to be marked.
};

std::string_view ToString(NodeVerdict verdict);  // "Unconfirmed", ...

struct NodeDecision {
  NodeVerdict verdict = NodeVerdict::kUnconfirmed;
  std::vector<std::string> accusers;  // Those that count, by name.
  // When they were enough. InfiniteFuture: they are not.
  absl::Time since = absl::InfiniteFuture();
  std::string why;  // For people; of kIsolated, kLimit and kMark.

  friend bool operator==(const NodeDecision&, const NodeDecision&) = default;
};

// Kubernetes marks a node after 40 s, and its pods then.
inline constexpr absl::Duration kActWithin = absl::Seconds(30);
inline constexpr absl::Duration kCoolDown = absl::Minutes(1);
// A speaker that is cut off from the others says so at about the same time as
// they do, and may be first.
inline constexpr absl::Duration kSaidWithin = absl::Seconds(3);
inline constexpr absl::Duration kNodesMaxAge = absl::Seconds(10);
// After that a kubelet that is there has repaired what an earlier process
// marked.
inline constexpr absl::Duration kFollowFirst = absl::Seconds(30);
// An answer to a probe counts for so long.
inline constexpr absl::Duration kReachedFor = absl::Seconds(3);
inline constexpr int kSilentProbes = 2;
// If there are more members, only so many are probed.
inline constexpr size_t kProbedMembersMax = 32;

// Each node that at least one other has lost.
std::map<std::string, NodeDecision> JudgeNodeFailures(
    const NodeFailureFacts& facts, const NodeFailureOptions& options);

// Nodes to probe now: those that may have to be marked, and members that show
// whether this process is cut off itself. Empty: there is nothing to find out.
std::vector<std::string> NodesToProbe(
    const NodeFailureFacts& facts,
    const std::map<std::string, NodeDecision>& decisions);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_NODE_FAILURE_JUDGE_H_
