// Roster's part in full exchanges.
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/versions.h"

namespace lb::gossip {
namespace {

using wire::NodeState;

// Refuses a peer if it and all nodes that it knows have another protocol.
// Single nodes are refused one by one later.
absl::Status CheckPeer(const wire::PushPull& remote, std::string_view self) {
  absl::Status refused;
  for (const wire::PushNodeState& entry : remote.nodes) {
    const bool is_up =
        entry.state == NodeState::kAlive || entry.state == NodeState::kSuspect;
    if (!is_up || entry.node->name == self) continue;
    const absl::Status status = CheckVersions(*entry.node);
    if (status.ok()) return status;
    refused.Update(status);  // It stays the first.
  }
  return refused;
}

// What the application says of a join.
absl::Status AskDelegates(const Delegates& delegates, absl::Time now,
                          const wire::PushPull& remote) {
  if (!remote.join || remote.nodes.empty() || !delegates.admit_merge) {
    return absl::OkStatus();
  }
  std::vector<Member> members;
  for (const wire::PushNodeState& entry : remote.nodes) {
    members.push_back(NodeRecord{.node = entry.node,
                                 .since = now,
                                 .incarnation = entry.incarnation,
                                 .state = entry.state}
                          .ToMember());
  }
  return delegates.admit_merge(members);
}

}  // namespace

absl::Status Roster::Admit(absl::Time now, const wire::PushPull& remote) {
  if (absl::Status status = CheckPeer(remote, self_.name); !status.ok()) {
    ++counters_->refused_merges;
    return status;
  }
  const absl::Status status = AskDelegates(delegates_, now, remote);
  if (!status.ok()) ++counters_->vetoed;
  return status;
}

void Roster::Merge(absl::Time now,
                   absl::Span<const wire::PushNodeState> nodes) {
  for (const wire::PushNodeState& entry : nodes) {
    switch (entry.state) {
      case NodeState::kAlive:
        OnAlive(now, entry.incarnation, entry.node);
        break;
      case NodeState::kLeft:
        OnDead(now, {.incarnation = entry.incarnation,
                     .node = entry.node->name,
                     .from = entry.node->name});
        break;
      case NodeState::kSuspect:
      case NodeState::kDead:
        // Never dead at once: the peer may have been cut off, and the node may
        // be able to say so.
        OnSuspect(now, {.incarnation = entry.incarnation,
                        .node = entry.node->name,
                        .from = self_.name});
        break;
    }
  }
}

wire::PushPull Roster::Snapshot(bool join) const {
  wire::PushPull snapshot{.join = join};
  snapshot.nodes.reserve(table_.size());
  for (const auto& record : table_.records()) {
    // The order matters: see Relocation. Other members are merged too, because
    // two that move at one moment do not reach each other.
    if (record->goodbye != 0 && record->state == NodeState::kAlive) {
      snapshot.nodes.push_back({.node = record->node,
                                .incarnation = record->goodbye,
                                .state = NodeState::kLeft});
    }
    snapshot.nodes.push_back({.node = record->node,
                              .incarnation = record->incarnation,
                              .state = record->state});
  }
  return snapshot;
}

}  // namespace lb::gossip
