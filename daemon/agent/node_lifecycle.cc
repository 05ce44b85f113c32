#include "daemon/agent/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

namespace lb {
namespace {

// True while the node says goodbye, and after it has.
bool SaysGoodbye(LifeStage stage) { return stage > LifeStage::kHandingOver; }

bool IsDue(const std::optional<absl::Time>& deadline, absl::Time now) {
  return deadline.has_value() && *deadline <= now;
}

}  // namespace

void NodeLifecycle::Start(absl::Time now) {
  if (options_.joins) return Await(now);
  Confirm(now, "there is no node to join");
}

void NodeLifecycle::Await(absl::Time now) {
  Advance(LifeEvent::kAwait);
  if (leaves()) return;
  had_carrier_ = sight_->HasCarrier().value_or(false);
  settle_until_ = now + options_.settle_time;
  look_at_ = settle_until_;
  Do(Kind::kJoin);
}

// The members are known now; those that are up answer within kAnswerWait.
void NodeLifecycle::OnExchange(absl::Time now) {
  if (stage_ != LifeStage::kAwaiting) return;
  Advance(LifeEvent::kExchange);
  look_at_ = std::min(settle_until_, now + kAnswerWait);
  CheckAllAnswered(now);
}

void NodeLifecycle::CheckAllAnswered(absl::Time now) {
  if (stage_ == LifeStage::kExchanged && sight_->AllAnswered()) {
    Confirm(now, "heard from the cluster");
  }
}

void NodeLifecycle::Confirm(absl::Time now, std::string why) {
  if (acts()) return;
  Advance(LifeEvent::kConfirmed);
  silent_ = false;
  look_at_.reset();
  if (settling(now)) look_at_ = settle_until_;
  Record(EventType::kNormal, "Ready", std::move(why));
  // A node that finds others at work is new to them, or back.
  if (options_.hold_down > absl::ZeroDuration() && sight_->HearsOthers()) {
    hold_down_until_ = now + options_.hold_down;
  }
  Do(Kind::kReconcile);
}

void NodeLifecycle::OnSettled(absl::Time now) {
  look_at_.reset();
  if (leaves()) return;
  if (acts()) return Do(Kind::kReconcile);
  if (stage_ == LifeStage::kExchanged) {
    return Confirm(now, "heard from the cluster, but not from all members");
  }
  if (!sight_->HearsOthers() && sight_->HasCarrier() == false) {
    look_at_ = now + options_.settle_time;
    return;
  }
  Do(Kind::kBeginAlone);
  Confirm(now, "no node answered within settle_time");
}

void NodeLifecycle::OnMemberCame(absl::Time now) {
  members_came_ = true;
  OnReunion(now);
}

// With a carrier that is back the others may be in reach again. Other links
// come and go with each container.
void NodeLifecycle::OnLinks(absl::Time now) {
  const bool had_carrier =
      std::exchange(had_carrier_, sight_->HasCarrier().value_or(false));
  if (had_carrier_ && !had_carrier && !acts() && !leaves()) Await(now);
}

// The process was stopped, or the machine stood still: what this node knows of
// the cluster is old.
void NodeLifecycle::OnStall(absl::Time now, absl::Duration duration) {
  const std::string why =
      fmt::format("was not run for {}", absl::FormatDuration(duration));
  if (stage_ == LifeStage::kReady && !sight_->KnowsOthers()) {
    GoOnAlone(now, why);
  } else {
    FallSilent(now, "Stalled", why);
  }
  Do(Kind::kReconcile);
}

// A member takes over only from a node that it knows, and gossip makes that
// mutual: if a node acted and knows no other member, not even a failed one, no
// member can have taken over from it. A node of the join list may have started
// meanwhile, found no other and begun alone, so the join list is asked first. A
// node that does not act yet, such as one that lost its memory and was just
// restarted, waits for the cluster as before.
void NodeLifecycle::GoOnAlone(absl::Time now, const std::string& why) {
  Record(EventType::kWarning, "Stalled",
         why + ": goes on, since it knows no other member");
  if (!options_.joins) return;
  Await(now);
  look_at_ = std::min(settle_until_, now + kSeedWait);
}

// Others take over from a node that they cannot hear. One that loses members
// and sees why (no carrier) must not answer on its other interfaces, nor act on
// what it takes for dead when the carrier is back.
void NodeLifecycle::CheckCutOff(absl::Time now) {
  if (stage_ != LifeStage::kReady || sight_->HasCarrier() != false) return;
  if (!members_went_ && sight_->HearsOthers()) return;
  if (!options_.joins && !sight_->KnowsOthers()) return;
  FallSilent(now, "CutOff", "loses members, and gossip has no carrier");
}

void NodeLifecycle::FallSilent(absl::Time now, std::string reason,
                               const std::string& why) {
  Record(EventType::kWarning, std::move(reason),
         why + ": silent until the cluster is heard");
  silent_ = true;
  Do(Kind::kForget);
  Await(now);
}

absl::Status NodeLifecycle::Drain() {
  if (leaves()) return absl::FailedPreconditionError("drain: is leaving");
  if (std::exchange(asked_to_drain_, true)) return absl::OkStatus();
  Record(EventType::kNormal, "Draining",
         "hands its addresses over until it is undrained or restarted");
  Do(Kind::kReconcile);
  return absl::OkStatus();
}

absl::Status NodeLifecycle::Undrain() {
  if (leaves()) return absl::FailedPreconditionError("undrain: is leaving");
  const bool was_asked = std::exchange(asked_to_drain_, false);
  if (!drain_mark_.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("undrain: the Node object has {}, which drain-on names; "
                    "want it without",
                    drain_mark_));
  }
  if (was_asked) EndDrain();
  return absl::OkStatus();
}

void NodeLifecycle::SetDrainMark(const std::string& mark) {
  const std::string before = std::exchange(drain_mark_, mark);
  if (before == mark) return;
  if (!mark.empty()) {
    Record(EventType::kNormal, "Draining",
           fmt::format("hands its addresses over while the Node object has {}",
                       mark));
    Do(Kind::kReconcile);
  } else if (!asked_to_drain_) {
    EndDrain();
  }
}

void NodeLifecycle::EndDrain() {
  Record(EventType::kNormal, "Undrained", "takes addresses again");
  Do(Kind::kReconcile);
}

void NodeLifecycle::Leave(absl::Time now) {
  look_at_.reset();
  handover_until_ = now + kHandoverWait;
  Advance(LifeEvent::kLeave);
}

void NodeLifecycle::Advance(LifeEvent event) {
  const LifeStage before = std::exchange(stage_, NextStage(stage_, event));
  if (stage_ != LifeStage::kHandingOver) handover_until_.reset();
  if (SaysGoodbye(stage_) && !SaysGoodbye(before)) Do(Kind::kSayGoodbye);
  if (stage_ == LifeStage::kGone && before != LifeStage::kGone) {
    Do(Kind::kFinish);
  }
}

void NodeLifecycle::OnTimer(absl::Time now) {
  if (IsDue(look_at_, now)) OnSettled(now);
  for (auto* until : {&hold_down_until_, &reunion_until_}) {
    if (!IsDue(*until, now)) continue;
    until->reset();
    Do(Kind::kReconcile);
  }
  if (IsDue(handover_until_, now)) Advance(LifeEvent::kHandedOver);
}

absl::Time NodeLifecycle::next_timer() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& until :
       {look_at_, hold_down_until_, reunion_until_, handover_until_}) {
    next = std::min(next, until.value_or(absl::InfiniteFuture()));
  }
  return next;
}

void NodeLifecycle::Record(EventType type, std::string reason,
                           std::string message) {
  actions_.push_back({.kind = Kind::kRecord,
                      .type = type,
                      .reason = std::move(reason),
                      .message = std::move(message)});
}

}  // namespace lb
