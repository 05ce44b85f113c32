// What happens when a node is said to be dead, or says that it leaves.
#include "lb/gossip/roster.h"

namespace lb::gossip {

void Roster::OnDead(absl::Time now, const wire::Dead& dead) {
  if (!checks_.AcceptsAccuser(dead.from)) return;
  NodeRecord* const record = table_.Find(dead.node);
  if (record == nullptr || checks_.IsImplausible(*record, dead.incarnation)) {
    if (record == nullptr) ++counters_->refused.stale;
    return;
  }
  if (IsSelf(dead.node)) {
    if (leaving_) return;
    if (dead.incarnation >= record->incarnation) Refute(now, dead.incarnation);
    return AnswerAccuser(now, dead.from);
  }
  if (dead.incarnation < record->incarnation) {
    ++counters_->refused.stale;
    return;
  }
  record->incarnation = dead.incarnation;  // Never falls back.
  const bool left = dead.node == dead.from;
  if (!record->is_up()) {
    ++counters_->refused.stale;
    if (left) record->state = wire::NodeState::kLeft;
    return;
  }
  suspicions_.Cancel(dead.node);
  record->state = left ? wire::NodeState::kLeft : wire::NodeState::kDead;
  record->since = now;
  Broadcast(dead.node, dead);
  if (!left) ++counters_->detection.failures;
  Tell(left ? MemberChange::kLeft : MemberChange::kFailed, *record);
}

}  // namespace lb::gossip
