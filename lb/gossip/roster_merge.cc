// Roster's part in full exchanges.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/roster.h"

namespace lb::gossip {
namespace {

using wire::NodeState;

// What all nodes that are up understand in common.
struct VersionRange {
  uint8_t min = 0;
  uint8_t max = 255;

  void Narrow(uint8_t other_min, uint8_t other_max) {
    min = std::max(min, other_min);
    max = std::min(max, other_max);
  }
  bool Contains(uint8_t version) const {
    return min <= version && version <= max;
  }
};

struct Versions {
  VersionRange protocol;
  VersionRange delegate;

  void Narrow(const wire::Bytes& v) {
    protocol.Narrow(v[0], v[1]);
    delegate.Narrow(v[3], v[4]);
  }
  absl::Status Check(const std::string& name, const wire::Bytes& v) const {
    if (protocol.Contains(v[2]) && delegate.Contains(v[5])) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(fmt::format(
        "node {}: speaks protocol {}, delegate {}, want {}..{}, {}..{}", name,
        v[2], v[5], protocol.min, protocol.max, delegate.min, delegate.max));
  }
};

// Entries without versions take no part here and are refused one by one later.
bool Counts(const wire::PushNodeState& entry) {
  const auto& versions = entry.node->versions;
  return (entry.state == NodeState::kAlive ||
          entry.state == NodeState::kSuspect) &&
         versions && versions->size() >= kVersionsSize;
}

absl::Status CheckVersions(const MemberTable& table,
                           const wire::PushPull& remote) {
  std::vector<const wire::NodeDescription*> up;
  for (const wire::PushNodeState& entry : remote.nodes) {
    if (Counts(entry)) up.push_back(entry.node.get());
  }
  for (const auto& record : table.records()) {
    if (record->is_up()) up.push_back(record->node.get());
  }
  Versions common;
  for (const auto* const node : up) common.Narrow(*node->versions);
  for (const auto* const node : up) {
    LB_RETURN_IF_ERROR(common.Check(node->name, *node->versions));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Roster::Merge(absl::Time now, const wire::PushPull& remote) {
  if (absl::Status status = CheckVersions(table_, remote); !status.ok()) {
    ++counters_->refused_merges;
    return status;
  }
  if (absl::Status status = AdmitMerge(now, remote); !status.ok()) {
    ++counters_->vetoed;
    return status;
  }
  for (const wire::PushNodeState& entry : remote.nodes) {
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
  return absl::OkStatus();
}

absl::Status Roster::AdmitMerge(absl::Time now,
                                const wire::PushPull& remote) const {
  if (!remote.join || !delegates_.admit_merge) return absl::OkStatus();
  std::vector<Member> members;
  for (const wire::PushNodeState& entry : remote.nodes) {
    members.push_back(NodeRecord{.node = entry.node,
                                 .since = now,
                                 .incarnation = entry.incarnation,
                                 .state = entry.state}
                          .ToMember());
  }
  return delegates_.admit_merge(members);
}

wire::PushPull Roster::Snapshot(bool join) const {
  wire::PushPull snapshot{.join = join};
  snapshot.nodes.reserve(table_.size());
  for (const auto& record : table_.records()) {
    snapshot.nodes.push_back({.node = record->node,
                              .incarnation = record->incarnation,
                              .state = record->state});
  }
  return snapshot;
}

}  // namespace lb::gossip
