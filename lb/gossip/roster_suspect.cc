// What happens when a node is suspected, and when its suspicion ends.
#include <string>

#include "lb/gossip/dissemination.h"
#include "lb/gossip/roster.h"

namespace lb::gossip {

void Roster::OnSuspect(absl::Time now, const wire::Suspect& suspect) {
  if (!checks_.AcceptsAccuser(suspect.from)) return;
  NodeRecord* const record = table_.Find(suspect.node);
  if (record == nullptr ||
      checks_.IsImplausible(*record, suspect.incarnation)) {
    if (record == nullptr) ++counters_->refused.stale;
    return;
  }
  if (IsSelf(suspect.node)) {
    if (leaving_) return;
    if (suspect.incarnation >= record->incarnation) {
      Refute(now, suspect.incarnation);
    }
    return AnswerAccuser(now, suspect.from);
  }
  if (suspect.incarnation < record->incarnation) {
    ++counters_->refused.stale;
    return;
  }
  if (record->state == wire::NodeState::kSuspect &&
      suspect.incarnation > record->incarnation) {
    // It has answered the accusation that we know: this is another one.
    suspicions_.Cancel(suspect.node);
    record->state = wire::NodeState::kAlive;
  }
  if (suspicions_.Contains(suspect.node)) {
    // Another voice shortens it, and is news to the others too.
    if (suspicions_.Confirm(now, suspect.node, suspect.from)) {
      if (IsSelf(suspect.from)) ++counters_->detection.suspicions;
      Broadcast(suspect.node, suspect);
    }
    return;
  }
  if (record->state != wire::NodeState::kAlive) {
    ++counters_->refused.stale;
    return;
  }
  if (IsSelf(suspect.from)) ++counters_->detection.suspicions;
  record->incarnation = suspect.incarnation;
  record->state = wire::NodeState::kSuspect;
  record->since = now;
  suspicions_.Start(now, suspect.node, suspect.from, CurrentSuspicionTimes());
  Broadcast(suspect.node, suspect);
}

// Unverified members confirm no suspicion, and pass no gossip on.
SuspicionTimes Roster::CurrentSuspicionTimes() const {
  const size_t members = table_.verified().size();
  const absl::Duration min = SuspicionTimeout(options_.suspicion.mult, members,
                                              options_.probe.interval);
  return {.min = min,
          .max = min * options_.suspicion.max_timeout_mult,
          .confirmations =
              options_.suspicion.max_timeout_mult == 1
                  ? 0  // There is nothing to shorten.
                  : SuspicionConfirmations(options_.suspicion.mult, members)};
}

void Roster::OnTimer(absl::Time now) {
  TellMoved(now);
  for (const std::string& name : suspicions_.TakeExpired(now)) {
    OnDead(now, {.incarnation = table_.Find(name)->incarnation,
                 .node = name,
                 .from = self_.name});
  }
}

}  // namespace lb::gossip
