#include "lb/gossip/claim_checks.h"

#include <algorithm>
#include <vector>

#include "lb/gossip/versions.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

using wire::NodeState;

// Can a host have it?
bool IsUsable(const net::Endpoint& endpoint) {
  return endpoint.port != 0 && !endpoint.address.is_unspecified() &&
         !endpoint.address.is_multicast();
}

bool IsAllowed(const GossipOptions& options, const net::IpAddress& address) {
  const auto& allowed = options.admission.cidrs_allowed;
  return allowed.empty() ||
         std::any_of(allowed.begin(), allowed.end(),
                     [&](const auto& p) { return p.Contains(address); });
}

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

bool ClaimChecks::AcceptsDescription(const wire::NodeDescription& node) {
  if (!AcceptsSizes(node)) return false;
  if (CheckVersions(node).ok()) return true;
  ++counters_->refused.version;
  return false;
}

bool ClaimChecks::AcceptsSizes(const wire::NodeDescription& node) {
  if (node.name.empty()) {
    ++counters_->refused.name;
    return false;
  }
  if (node.name.size() > kNameSizeMax ||
      (node.meta && node.meta->size() > kMetaSizeMax) ||
      (node.versions && node.versions->size() > 2 * kVersionsSize)) {
    ++counters_->refused.size;
    return false;
  }
  return true;
}

bool ClaimChecks::AcceptsAddress(const net::Endpoint& endpoint) {
  if (IsUsable(endpoint) && IsAllowed(options_, endpoint.address)) return true;
  ++counters_->refused.address;
  return false;
}

bool ClaimChecks::IsAdmitted(const NodeRecord& claim) {
  if (!delegates_.admit_member) return true;
  if (delegates_.admit_member(claim.ToMember()).ok()) return true;
  ++counters_->refused.vetoed;
  return false;
}

bool ClaimChecks::AcceptsAccuser(std::string_view from) {
  if (from.size() <= kNameSizeMax) return true;
  ++counters_->refused.size;
  return false;
}

bool ClaimChecks::IsImplausible(const NodeRecord& record,
                                uint32_t incarnation) {
  if (incarnation <= record.incarnation ||
      incarnation - record.incarnation <= kIncarnationJumpMax) {
    return false;
  }
  ++counters_->refused.incarnation;
  return true;
}

absl::Status ClaimChecks::AdmitExchange(absl::Time now,
                                        const wire::PushPull& remote,
                                        std::string_view self) {
  if (absl::Status status = CheckPeer(remote, self); !status.ok()) {
    ++counters_->refused.merges;
    return status;
  }
  const absl::Status status = AskDelegates(delegates_, now, remote);
  if (!status.ok()) ++counters_->refused.vetoed;
  return status;
}

}  // namespace lb::gossip
