// What this node says of itself, and what it does about claims of others.
#include <algorithm>
#include <utility>

#include "lb/gossip/roster.h"

namespace lb::gossip {

void Roster::OnAliveAboutSelf(absl::Time now, const NodeRecord& claim) {
  const NodeRecord& record = own();
  if (claim.incarnation < record.incarnation) {
    ++counters_->refused.stale;
    return;
  }
  // Our own message coming back is what usually arrives here.
  if (claim.incarnation == record.incarnation && claim.meta() == self_.meta &&
      claim.node->versions == record.node->versions) {
    return;
  }
  Refute(now, claim.incarnation);
}

void Roster::Refute(absl::Time now, uint32_t accusation) {
  ++counters_->detection.refutations;
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
  record.state = wire::NodeState::kLeft;
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

}  // namespace lb::gossip
