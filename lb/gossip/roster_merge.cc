// Roster's part in full exchanges.
#include "lb/gossip/roster.h"

namespace lb::gossip {

void Roster::Merge(absl::Time now,
                   absl::Span<const wire::PushNodeState> nodes) {
  for (const wire::PushNodeState& entry : nodes) {
    switch (entry.state) {
      case wire::NodeState::kAlive:
        OnAlive(now, entry.incarnation, entry.node);
        break;
      case wire::NodeState::kLeft:
        OnDead(now, {.incarnation = entry.incarnation,
                     .node = entry.node->name,
                     .from = entry.node->name});
        break;
      case wire::NodeState::kSuspect:
      case wire::NodeState::kDead:
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
    if (record->goodbye != 0 && record->state == wire::NodeState::kAlive) {
      snapshot.nodes.push_back({.node = record->node,
                                .incarnation = record->goodbye,
                                .state = wire::NodeState::kLeft});
    }
    snapshot.nodes.push_back({.node = record->node,
                              .incarnation = record->incarnation,
                              .state = record->state});
  }
  return snapshot;
}

}  // namespace lb::gossip
