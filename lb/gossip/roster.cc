#include "lb/gossip/roster.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/gossip/dissemination.h"
#include "lb/gossip/versions.h"
#include "lb/gossip/wire/codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

using wire::NodeState;

// Old nodes name no port: it is everybody's.
wire::SharedDescription WithPort(const wire::SharedDescription& node,
                                 uint16_t port) {
  if (node->port != 0) return node;
  wire::NodeDescription with_port = *node;
  with_port.port = port;
  return wire::Share(std::move(with_port));
}

}  // namespace

wire::NodeDescription Roster::Describe(const NodeIdentity& self) {
  return {.name = self.name,
          .address = self.endpoint.address.ToBytes(),
          .port = self.endpoint.port,
          .meta = self.meta.empty() ? std::nullopt : std::optional(self.meta),
          .versions =
              wire::Bytes(std::begin(kOwnVersions), std::end(kOwnVersions))};
}

Roster::Roster(const GossipOptions& options, NodeIdentity self,
               const Prng& prng, absl::Time now, GossipCounters* counters)
    : options_(options),
      self_(std::move(self)),
      counters_(counters),
      checks_(options, counters),
      awareness_(options.awareness_max_multiplier),
      table_(options.members_max, prng.Fork("table")),
      broadcasts_(options.broadcasts_max),
      relocation_(self_.former),
      direct_(options) {
  NodeRecord record{.node = Share(Describe(self_)),
                    .since = now,
                    .incarnation = 1,  // An alive with 0 has no effect.
                    .state = NodeState::kAlive,
                    .heard = true};
  table_.Insert(std::move(record));
  Broadcast(self_.name, OwnAlive());
}

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
                         .state = NodeState::kAlive};
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
    ++counters_->stale;
    if (!record->is_up()) direct_.Accuse(now, *record, self_.name);
    return;
  }
  Adopt(*record, claim);
}

// One exchange may claim a name for a million addresses.
void Roster::OnConflict(absl::Time now, NodeRecord& record,
                        const net::Endpoint& claimed) {
  ++counters_->conflicts;
  if (now - record.contested < options_.gossip_interval) return;
  record.contested = now;
  events_.push_back(ConflictEvent{record.ToMember(), claimed});
}

void Roster::OnAliveOfNewcomer(const NodeRecord& claim) {
  if (claim.incarnation == 0) {
    ++counters_->stale;
    return;
  }
  NodeRecord* const record = table_.Insert({.node = claim.node});
  if (record == nullptr) {
    ++counters_->members_overflow;
    return;
  }
  Adopt(*record, claim);
}

bool Roster::MayMove(absl::Time now, const NodeRecord& record) const {
  if (record.state == NodeState::kLeft) return true;
  return record.state == NodeState::kDead &&
         options_.dead_node_reclaim_time > absl::ZeroDuration() &&
         now - record.since > options_.dead_node_reclaim_time;
}

void Roster::OnAliveAboutSelf(absl::Time now, const NodeRecord& claim) {
  const NodeRecord& record = own();
  if (claim.incarnation < record.incarnation) {
    ++counters_->stale;
    return;
  }
  // Our own message coming back is what usually arrives here.
  if (claim.incarnation == record.incarnation && claim.meta() == self_.meta &&
      claim.node->versions == record.node->versions) {
    return;
  }
  Refute(now, claim.incarnation);
}

void Roster::Adopt(NodeRecord& record, const NodeRecord& claim) {
  suspicions_.Cancel(record.name());
  const bool was_up = record.is_up() || TakeBackGoodbye(record);
  // A member that comes back is unverified until it acks a ping.
  if (!was_up) table_.SetHeard(record, false);
  const bool new_meta = record.meta() != claim.meta();
  const net::Endpoint from = record.endpoint();
  if (record.state == NodeState::kLeft && from != claim.endpoint() &&
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

void Roster::OnHeard(NodeRecord& record) {
  if (record.heard) return;
  table_.SetHeard(record, true);
  broadcasts_.Confirm(record.name());
  Tell(MemberChange::kHeard, record);
}

void Roster::OnSuspect(absl::Time now, const wire::Suspect& suspect) {
  if (!checks_.AcceptsAccuser(suspect.from)) return;
  NodeRecord* const record = table_.Find(suspect.node);
  if (record == nullptr ||
      checks_.IsImplausible(*record, suspect.incarnation)) {
    if (record == nullptr) ++counters_->stale;
    return;
  }
  if (IsSelf(suspect.node)) {
    if (leaving_) return;
    if (suspect.incarnation >= record->incarnation)
      Refute(now, suspect.incarnation);
    return AnswerAccuser(now, suspect.from);
  }
  if (suspect.incarnation < record->incarnation) {
    ++counters_->stale;
    return;
  }
  if (record->state == NodeState::kSuspect &&
      suspect.incarnation > record->incarnation) {
    // It has answered the accusation that we know: this is another one.
    suspicions_.Cancel(suspect.node);
    record->state = NodeState::kAlive;
  }
  if (suspicions_.Contains(suspect.node)) {
    // Another voice shortens it, and is news to the others too.
    if (suspicions_.Confirm(now, suspect.node, suspect.from)) {
      if (IsSelf(suspect.from)) ++counters_->suspicions;
      Broadcast(suspect.node, suspect);
    }
    return;
  }
  if (record->state != NodeState::kAlive) {
    ++counters_->stale;
    return;
  }
  if (IsSelf(suspect.from)) ++counters_->suspicions;
  record->incarnation = suspect.incarnation;
  record->state = NodeState::kSuspect;
  record->since = now;
  suspicions_.Start(now, suspect.node, suspect.from, CurrentSuspicionTimes());
  Broadcast(suspect.node, suspect);
}

// Unverified members confirm no suspicion, and pass no gossip on.
SuspicionTimes Roster::CurrentSuspicionTimes() const {
  const size_t members = table_.heard().size();
  const absl::Duration min = SuspicionTimeout(options_.suspicion_mult, members,
                                              options_.probe_interval);
  return {.min = min,
          .max = min * options_.suspicion_max_timeout_mult,
          .confirmations =
              options_.suspicion_max_timeout_mult == 1
                  ? 0  // There is nothing to shorten.
                  : SuspicionConfirmations(options_.suspicion_mult, members)};
}

void Roster::OnDead(absl::Time now, const wire::Dead& dead) {
  if (!checks_.AcceptsAccuser(dead.from)) return;
  NodeRecord* const record = table_.Find(dead.node);
  if (record == nullptr || checks_.IsImplausible(*record, dead.incarnation)) {
    if (record == nullptr) ++counters_->stale;
    return;
  }
  if (IsSelf(dead.node)) {
    if (leaving_) return;
    if (dead.incarnation >= record->incarnation) Refute(now, dead.incarnation);
    return AnswerAccuser(now, dead.from);
  }
  if (dead.incarnation < record->incarnation) {
    ++counters_->stale;
    return;
  }
  record->incarnation = dead.incarnation;  // Never falls back.
  const bool left = dead.node == dead.from;
  if (!record->is_up()) {
    ++counters_->stale;
    if (left) record->state = NodeState::kLeft;
    return;
  }
  suspicions_.Cancel(dead.node);
  record->state = left ? NodeState::kLeft : NodeState::kDead;
  record->since = now;
  Broadcast(dead.node, dead);
  if (!left) ++counters_->failures;
  Tell(left ? MemberChange::kLeft : MemberChange::kFailed, *record);
}

void Roster::OnTimer(absl::Time now) {
  TellMoved(now);
  for (const std::string& name : suspicions_.TakeExpired(now)) {
    OnDead(now, {.incarnation = table_.Find(name)->incarnation,
                 .node = name,
                 .from = self_.name});
  }
}

void Roster::Refute(absl::Time now, uint32_t accusation) {
  ++counters_->refutations;
  awareness_.Apply(1);
  NodeRecord& record = own();
  const uint32_t known = std::max(record.incarnation, accusation);
  // Before we started we may have been elsewhere, which is what it means.
  if (relocation_.owes_goodbye()) return SayMoved(now, known);
  if (relocation_.held()) relocation_.NoteClaim(known);
  record.incarnation = known == kIncarnationLast ? known : known + 1;
  Broadcast(self_.name, OwnAlive());
}

void Roster::AnswerAccuser(absl::Time now, std::string_view from) {
  NodeRecord* const accuser = table_.Find(from);
  if (accuser == nullptr || IsSelf(from)) return;
  direct_.Answer(now, *accuser, OwnAlive(), relocation_.goodbye() != 0);
}

void Roster::Leave(absl::Time now) {
  if (leaving_) return;
  leaving_ = true;
  NodeRecord& record = own();
  record.state = NodeState::kLeft;
  record.since = now;
  Broadcast(self_.name, wire::Dead{.incarnation = record.incarnation,
                                   .node = self_.name,
                                   .from = self_.name});
}

void Roster::SetMeta(wire::Bytes meta) {
  self_.meta = std::move(meta);
  NodeRecord& record = own();
  record.node = wire::Share(Describe(self_));
  if (leaving_) return;
  if (record.incarnation != kIncarnationLast) ++record.incarnation;
  Broadcast(self_.name, OwnAlive());
}

void Roster::Broadcast(std::string_view name, const wire::Message& message) {
  const NodeRecord* const record = table_.Find(name);
  const Weight weight =
      record != nullptr && record->heard ? Weight::kNews : Weight::kHearsay;
  if (!broadcasts_.Push(name, wire::EncodeMessage(message), weight)) {
    ++counters_->broadcasts_overflow;
  }
}

void Roster::Tell(MemberChange change, const NodeRecord& record) {
  events_.push_back(MemberEvent{change, record.ToMember()});
}

std::vector<GossipEvent> Roster::TakeEvents() {
  return std::exchange(events_, {});
}

}  // namespace lb::gossip
