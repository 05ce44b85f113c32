// Roster's part in full exchanges.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/roster.h"
#include "lb/net/ip_address.h"

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
bool Counts(const wire::PushNodeState& node) {
  return (node.state == NodeState::kAlive ||
          node.state == NodeState::kSuspect) &&
         node.versions && node.versions->size() >= kVersionsSize;
}

absl::Status CheckVersions(const MemberTable& table,
                           const wire::PushPull& remote) {
  Versions common;
  for (const wire::PushNodeState& node : remote.nodes) {
    if (Counts(node)) common.Narrow(*node.versions);
  }
  for (const auto& [name, record] : table.records()) {
    if (record.is_up()) common.Narrow(record.versions);
  }
  for (const wire::PushNodeState& node : remote.nodes) {
    if (!Counts(node)) continue;
    LB_RETURN_IF_ERROR(common.Check(node.name, *node.versions));
  }
  for (const auto& [name, record] : table.records()) {
    if (!record.is_up()) continue;
    LB_RETURN_IF_ERROR(common.Check(name, record.versions));
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
  for (const wire::PushNodeState& node : remote.nodes) {
    switch (node.state) {
      case NodeState::kAlive:
        OnAlive(now, {.incarnation = node.incarnation,
                      .node = node.name,
                      .address = node.address,
                      .port = node.port,
                      .meta = node.meta,
                      .versions = node.versions});
        break;
      case NodeState::kLeft:
        OnDead(now, {.incarnation = node.incarnation,
                     .node = node.name,
                     .from = node.name});
        break;
      case NodeState::kSuspect:
      case NodeState::kDead:
        // Never dead at once: the peer may have been cut off, and the node may
        // be able to say so.
        OnSuspect(now, {.incarnation = node.incarnation,
                        .node = node.name,
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
  for (const wire::PushNodeState& node : remote.nodes) {
    const auto address = net::IpAddress::FromBytes(node.address);
    members.push_back(
        {.name = node.name,
         .endpoint = {address.value_or(net::IpAddress()), node.port},
         .meta = node.meta.value_or(wire::Bytes()),
         .state = node.state,
         .incarnation = node.incarnation,
         .since = now});
  }
  return delegates_.admit_merge(members);
}

wire::PushPull Roster::Snapshot(bool join) const {
  wire::PushPull snapshot{.join = join};
  snapshot.nodes.reserve(table_.size());
  for (const auto& [name, record] : table_.records()) {
    snapshot.nodes.push_back({.name = name,
                              .address = record.address,
                              .port = record.endpoint.port,
                              .meta = record.meta,
                              .incarnation = record.incarnation,
                              .state = record.state,
                              .versions = record.versions});
  }
  return snapshot;
}

}  // namespace lb::gossip
