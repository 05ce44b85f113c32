// What happens when a node is said to be alive.
#include <utility>

#include "lb/gossip/roster.h"
#include "lb/gossip/wire/codec.h"

namespace lb::gossip {
namespace {

// Old nodes name no port: it is everybody's.
wire::SharedDescription WithPort(const wire::SharedDescription& node,
                                 uint16_t port) {
  if (node->port != 0) return node;
  wire::NodeDescription with_port = *node;
  with_port.port = port;
  return wire::Share(std::move(with_port));
}

}  // namespace

void Roster::OnAlive(absl::Time now, const wire::Alive& alive) {
  OnAlive(now, alive.incarnation,
          wire::Share({.name = alive.node,
                       .address = alive.address,
                       .port = alive.port,
                       .meta = alive.meta,
                       .versions = alive.versions}));
}

void Roster::OnAlive(absl::Time now, uint32_t incarnation,
                     const wire::SharedDescription& node) {
  if (leaving_ && IsSelf(node->name)) return;
  if (!checks_.AcceptsDescription(*node)) return;
  // The node as it would be if all of this were true.
  const NodeRecord claim{.node = WithPort(node, self_.endpoint.port),
                         .since = now,
                         .incarnation = incarnation,
                         .state = wire::NodeState::kAlive};
  if (!checks_.AcceptsAddress(claim.endpoint())) return;
  if (!IsSelf(node->name) && !checks_.IsAdmitted(claim)) return;
  NodeRecord* record = table_.Find(node->name);
  if (record == nullptr) return OnAliveOfNewcomer(claim);
  if (record->endpoint() != claim.endpoint()) {
    if (IsSelf(node->name) && relocation_.IsFormer(claim.endpoint())) {
      return OnFormerAddress(now, claim);
    }
    // This node keeps its name, and a member that still answers does not move.
    if (IsSelf(node->name) || !MayMove(now, *record)) {
      return OnConflict(now, *record, claim.endpoint());
    }
    return Adopt(*record, claim);
  }
  if (checks_.IsImplausible(*record, incarnation)) return;
  if (IsSelf(node->name)) return OnAliveAboutSelf(now, claim);
  if (incarnation <= record->incarnation) {
    ++counters_->refused.stale;
    if (!record->is_up()) direct_.Accuse(now, *record, self_.name);
    return;
  }
  Adopt(*record, claim);
}

// One exchange may claim a name for a million addresses.
void Roster::OnConflict(absl::Time now, NodeRecord& record,
                        const net::Endpoint& claimed) {
  ++counters_->refused.conflicts;
  if (now - record.contested < options_.dissemination.interval) return;
  record.contested = now;
  events_.push_back(ConflictEvent{record.ToMember(), claimed});
}

void Roster::OnAliveOfNewcomer(const NodeRecord& claim) {
  if (claim.incarnation == 0) {
    ++counters_->refused.stale;
    return;
  }
  NodeRecord* const record = table_.Insert({.node = claim.node});
  if (record == nullptr) {
    ++counters_->overflow.members;
    return;
  }
  Adopt(*record, claim);
}

bool Roster::MayMove(absl::Time now, const NodeRecord& record) const {
  if (record.state == wire::NodeState::kLeft) return true;
  return record.state == wire::NodeState::kDead &&
         options_.admission.dead_node_reclaim_time > absl::ZeroDuration() &&
         now - record.since > options_.admission.dead_node_reclaim_time;
}

void Roster::Adopt(NodeRecord& record, const NodeRecord& claim) {
  suspicions_.Cancel(record.name());
  const bool was_up = record.is_up() || TakeBackGoodbye(record);
  // A member that comes back is unverified until it acks a ping.
  if (!was_up) table_.SetVerified(record, false);
  const bool new_meta = record.meta() != claim.meta();
  const net::Endpoint from = record.endpoint();
  if (record.state == wire::NodeState::kLeft && from != claim.endpoint() &&
      claim.incarnation > record.incarnation) {
    record.goodbye = record.incarnation;
  }
  record.incarnation = claim.incarnation;
  if (*record.node != *claim.node) record.node = claim.node;
  if (record.state != claim.state) record.since = claim.since;
  record.state = claim.state;
  Broadcast(record.name(), record.ToAlive());
  if (!was_up) {
    Tell(MemberChange::kJoined, record);
  } else if (record.endpoint() != from) {
    events_.push_back(
        MemberEvent{MemberChange::kMoved, record.ToMember(), from});
  } else if (new_meta) {
    Tell(MemberChange::kUpdated, record);
  }
}

}  // namespace lb::gossip
