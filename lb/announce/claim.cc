#include "lb/announce/claim.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/base/check.h"

namespace lb::announce {
namespace {

ClaimEvent EventOf(Precedence precedence) {
  switch (precedence) {
    case Precedence::kForeign:
      return ClaimEvent::kForeignClaim;
    case Precedence::kOurs:
      return ClaimEvent::kLesserClaim;
    case Precedence::kTheirs:
      return ClaimEvent::kGreaterClaim;
  }
  LB_UNREACHABLE();
}

ClaimEvent EventOf(Role role) {
  switch (role) {
    case Role::kAnnounce:
      return ClaimEvent::kAnnounce;
    case Role::kProbeFirst:
      return ClaimEvent::kProbe;
    case Role::kHandOver:
      return ClaimEvent::kHandOver;
  }
  LB_UNREACHABLE();
}

}  // namespace

absl::Status Validate(const ClaimOptions& options) {
  const struct {
    const char* name;
    int value;
  } kCounts[] = {{"probe_count", options.probe_count},
                 {"conflicts_max", options.conflicts_max},
                 {"watch_count", options.watch_count}};
  for (const auto& [name, value] : kCounts) {
    if (value >= 1) continue;
    return absl::InvalidArgumentError(
        fmt::format("claim: {} {}, want at least 1", name, value));
  }
  const struct {
    const char* name;
    absl::Duration value;
  } kDurations[] = {{"probe_interval", options.probe_interval},
                    {"probe_wait", options.probe_wait},
                    {"retry_interval", options.retry_interval},
                    {"rate_limit_interval", options.rate_limit_interval},
                    {"await_max", options.await_max},
                    {"defend_interval", options.defend_interval},
                    {"insist_interval", options.insist_interval},
                    {"watch_interval", options.watch_interval},
                    {"member_grace", options.member_grace}};
  for (const auto& [name, value] : kDurations) {
    if (value >= absl::Milliseconds(1)) continue;
    return absl::InvalidArgumentError(fmt::format(
        "claim: {} {}, want at least 1ms", name, absl::FormatDuration(value)));
  }
  return absl::OkStatus();
}

std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWithheld:
      return "withheld";
    case Outcome::kDefended:
      return "defended";
    case Outcome::kYielded:
      return "yielded";
    case Outcome::kRivalYields:
      return "rival_yields";
    case Outcome::kTakenBack:
      return "taken_back";
    case Outcome::kProxied:
      return "proxied";
    case Outcome::kOverlooked:
      return "overlooked";
  }
  LB_UNREACHABLE();
}

Claim::Step Claim::Begin(absl::Time now, Role role) {
  Go(now, ClaimEvent::kRest);  // Announcing begins again with its first round.
  return Go(now, EventOf(role));
}

Claim::Step Claim::BeginOnTrial(absl::Time now) {
  LB_CHECK(state_ == ClaimState::kIdle);
  probes_ = 0;
  trial_until_ = absl::InfiniteFuture();
  Go(now, ClaimEvent::kAnnounce);
  return {Answers(state_) ? Move::kTryFirst : Move::kProbe, std::nullopt};
}

bool Claim::IsUndisputed(absl::Time now) const {
  return state_ == ClaimState::kAnnouncing && now >= trial_until_ &&
         deadline_ == absl::InfiniteFuture() &&
         now - std::max(defended_at_, contest_seen_) >=
             options_->defend_interval;
}

Claim::Step Claim::HandOver(absl::Time now) {
  const Step step = Go(now, ClaimEvent::kHandOver);
  const bool claimed = now - claim_heard_ < options_->member_grace;
  if (state_ != ClaimState::kHandingOver || !claimed) return step;
  return Go(now, ClaimEvent::kLesserClaim);
}

Claim::Step Claim::SetDelivered(absl::Time now, bool delivered) {
  delivered_ = delivered;
  if (!delivered) {
    if (on_trial()) trial_until_ = now + options_->probe_wait;  // It is silent.
    return Go(now, ClaimEvent::kUndelivered);
  }
  const bool was_silent = state_ == ClaimState::kAwaiting &&
                          now - awaiting_since_ > options_->await_max;
  return Go(now, was_silent ? ClaimEvent::kProbe : ClaimEvent::kDelivered);
}

Claim::Step Claim::Retry(absl::Time now) {
  return Go(now, TakeBack(ClaimEvent::kRetry));
}

// An address that a member only probed for has not been announced yet.
ClaimEvent Claim::TakeBack(ClaimEvent event) {
  const bool unproven = state_ == ClaimState::kYielded && nobody_had_it_;
  return unproven ? ClaimEvent::kProbe : event;
}

std::optional<absl::Time> Claim::withheld_since() const {
  const bool lasts = state_ == ClaimState::kYielded
                         ? yield_reported_
                         : IsWithheld(state_) || state_ == ClaimState::kProbing;
  if (!lasts || withheld_since_ == absl::InfiniteFuture()) return std::nullopt;
  return withheld_since_;
}

Claim::Step Claim::OnRival(absl::Time now, const Rival& rival) {
  if (rival.sign == RivalSign::kYields) {
    const bool won = state_ == ClaimState::kAnnouncing &&
                     rival.precedence == Precedence::kOurs;
    if (!won) return {};
    rival_ = rival.mac;
    return Insist(now, rival.sign);
  }
  // RFC 5227 2.1.1: of two that probe for it at once, none may have it. Among
  // members one goes first.
  if (rival.sign == RivalSign::kProbes &&
      (state_ != ClaimState::kProbing ||
       rival.precedence == Precedence::kOurs)) {
    return {};
  }
  if (state_ == ClaimState::kYielded) return OnWatchedRival(now, rival);
  const ClaimState before = state_;
  const Step step = Go(now, EventOfClaim(now, rival));
  if (before == state_ && state_ != ClaimState::kAnnouncing) return step;
  rival_ = rival.mac;
  nobody_had_it_ = rival.sign == RivalSign::kProbes;
  if (state_ == ClaimState::kConflicted) {
    return {step.move, ReportOf(now, Outcome::kWithheld)};
  }
  if (before != state_) return step;
  return rival.precedence == Precedence::kForeign ? Defend(now)
                                                  : Insist(now, rival.sign);
}

ClaimEvent Claim::EventOfClaim(absl::Time now, const Rival& rival) const {
  const ClaimEvent event = EventOf(rival.precedence);
  const bool is_answer =
      event == ClaimEvent::kForeignClaim && now < trial_until_;
  return is_answer ? ClaimEvent::kForeignAnswer : event;
}

// Only the one that we yielded to can give the address back. A third that goes
// before us takes its place.
Claim::Step Claim::OnWatchedRival(absl::Time now, const Rival& rival) {
  if (rival.mac == rival_ && rival.precedence == Precedence::kOurs) {
    return Go(now, ClaimEvent::kLesserClaim);
  }
  if (rival.mac == rival_ || rival.precedence == Precedence::kTheirs) {
    rival_ = rival.mac;
    probes_ = 0;
    nobody_had_it_ = false;
  }
  return {};
}

Claim::Step Claim::OnProbe(absl::Time now) {
  if (state_ != ClaimState::kYielded) return OnOwnProbe(now);
  if (++probes_ <= options_->watch_count) return {};
  const bool reported = yield_reported_;
  Step step = Go(now, TakeBack(ClaimEvent::kUnanswered));
  if (reported && state_ != ClaimState::kProbing) {
    step.report = ReportOf(now, Outcome::kTakenBack);
  }
  return step;
}

// The first one decides, unless a foreign host had the address lately.
Claim::Step Claim::OnOwnProbe(absl::Time now) {
  const bool is_probing = state_ == ClaimState::kProbing;
  LB_CHECK(is_probing || on_trial());  // Nothing else probes.
  const bool is_last = ++probes_ >= options_->probe_count;
  const bool decides =
      withheld_since_ == absl::InfiniteFuture() ? probes_ == 1 : is_last;
  if (is_probing && decides) deadline_ = now + options_->probe_wait;
  if (!is_last) return {};
  if (!is_probing) trial_until_ = now + options_->probe_wait;
  return {Move::kEndProbes, std::nullopt};
}

Claim::Step Claim::OnDeadline(absl::Time now) {
  LB_CHECK(now >= deadline_);
  deadline_ = absl::InfiniteFuture();
  switch (state_) {
    case ClaimState::kProbing: {
      conflicts_ = 0;
      const bool was_withheld = withheld_since().has_value();
      trial_until_ = probes_ < options_->probe_count
                         ? absl::InfiniteFuture()
                         : now + options_->probe_wait;
      Step step = Go(now, ClaimEvent::kUnanswered);
      if (was_withheld) step.report = ReportOf(now, Outcome::kTakenBack);
      return step;
    }
    case ClaimState::kConflicted:
      return Go(now, ClaimEvent::kRetry);
    case ClaimState::kYielded:
      yield_reported_ = true;
      return {Move::kNone, ReportOf(now, Outcome::kYielded)};
    case ClaimState::kAnnouncing:
      defended_at_ = now;
      return {Move::kAnnounceOnce, std::nullopt};
    case ClaimState::kIdle:
    case ClaimState::kAwaiting:
    case ClaimState::kHandingOver:
    case ClaimState::kHandedOver:
      break;  // They have no deadline.
  }
  LB_UNREACHABLE();
}

Claim::Step Claim::Go(absl::Time now, ClaimEvent event) {
  const ClaimState next = NextState(state_, event);
  if (next == state_) return {};
  state_ = next;
  if (delivered_) state_ = NextState(state_, ClaimEvent::kDelivered);
  return {Enter(now), std::nullopt};
}

Claim::Move Claim::Enter(absl::Time now) {
  if (state_ != ClaimState::kAwaiting && state_ != ClaimState::kAnnouncing) {
    trial_until_ = absl::InfinitePast();
  }
  if (!on_trial()) probes_ = 0;
  yield_reported_ = false;
  deadline_ = absl::InfiniteFuture();
  awaiting_since_ =
      state_ == ClaimState::kAwaiting ? now : absl::InfiniteFuture();
  if (IsWithheld(state_)) {
    withheld_since_ = std::min(withheld_since_, now);
  } else if (state_ != ClaimState::kProbing) {
    withheld_since_ = absl::InfiniteFuture();
  }
  switch (state_) {
    case ClaimState::kProbing:
      return Move::kProbe;
    case ClaimState::kAnnouncing:
      return on_trial() ? Move::kTry : Move::kAnnounce;
    case ClaimState::kConflicted:
      ++conflicts_;
      deadline_ = now + (conflicts_ > options_->conflicts_max
                             ? options_->rate_limit_interval
                             : options_->retry_interval);
      return Move::kSilence;
    case ClaimState::kYielded:
      deadline_ = now + options_->member_grace;
      return Move::kWatch;
    case ClaimState::kHandingOver:
      return Move::kKeepQuiet;
    case ClaimState::kAwaiting:
      return on_trial() ? Move::kNone : Move::kSilence;
    case ClaimState::kIdle:
    case ClaimState::kHandedOver:
      return Move::kSilence;
  }
  LB_UNREACHABLE();
}

Claim::Step Claim::Defend(absl::Time now) {
  return {HaveTheLastWord(now, options_->defend_interval),
          ReportOf(now, Outcome::kDefended)};
}

// Clients believe the last claim: if it is too early to contradict one now, it
// is contradicted as soon as that is allowed.
Claim::Move Claim::HaveTheLastWord(absl::Time now, absl::Duration interval) {
  if (now - defended_at_ < interval) {
    deadline_ = std::min(deadline_, defended_at_ + interval);
    return Move::kNone;
  }
  defended_at_ = now;
  deadline_ = absl::InfiniteFuture();
  return Move::kAnnounceOnce;
}

// We go before the rival. It must hear us, unless it yields already.
Claim::Step Claim::Insist(absl::Time now, RivalSign sign) {
  if (now - contest_seen_ > options_->defend_interval) contest_since_ = now;
  contest_seen_ = now;
  const bool claims = sign == RivalSign::kClaims;
  if (claims) claim_heard_ = now;
  Step step;
  if (claims) step.move = HaveTheLastWord(now, options_->insist_interval);
  if (now - contest_since_ >= options_->member_grace) {
    step.report =
        ReportOf(now, claims ? Outcome::kDefended : Outcome::kRivalYields);
  }
  return step;
}

std::optional<Outcome> Claim::ReportOf(absl::Time now, Outcome outcome) {
  const auto [it, is_new] = reported_.try_emplace(outcome, now);
  if (!is_new && now - it->second < options_->defend_interval) {
    return std::nullopt;
  }
  it->second = now;
  return outcome;
}

}  // namespace lb::announce
