#include "lb/gossip/failure_detector.h"

#include <algorithm>

#include "lb/gossip/indirect_probe.h"
#include "lb/gossip/member.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/skip_past.h"

namespace lb::gossip {

FailureDetector::FailureDetector(SharedState& state, absl::Time now)
    : state_(state),
      next_(now + state.prng.UniformDuration(state.options.probe.interval)) {}

void FailureDetector::OnTimer(absl::Time now) {
  Apply(now, prober_.OnTimer(now));
  if (next_ > now) return;
  SkipPast(now, state_.options.probe.interval, next_);
  if (!prober_.running()) Begin(now);
}

void FailureDetector::Shift(absl::Duration by) {
  prober_.Shift(by);
  next_ += by;
}

void FailureDetector::Begin(absl::Time now) {
  const NodeRecord* const record = state_.roster.table().NextToProbe(
      now, state_.roster.self().name,
      state_.options.dissemination.to_the_dead_time);
  // With no member to ask, no answer can lower the health score.
  if (record == nullptr) return state_.roster.awareness().Apply(-1);
  ++state_.counters.detection.probes;
  const uint32_t sequence = state_.numbers.Next();
  prober_.Begin(now, {.name = record->name(), .sequence = sequence},
                state_.options.probe.timeout,
                state_.roster.awareness().Scale(state_.options.probe.interval));
  state_.outbox.SendPing(*record, sequence);
}

void FailureDetector::Apply(absl::Time now, Prober::Step step) {
  switch (step) {
    case Prober::Step::kNone:
      return;
    case Prober::Step::kAskOthers:
      return AskHelpers(state_, now, prober_);
    case Prober::Step::kSucceeded:
      return state_.roster.awareness().Apply(prober_.health_delta());
    case Prober::Step::kFailed:
      ++state_.counters.detection.probes_failed;
      state_.roster.awareness().Apply(prober_.health_delta());
      return SuspectTarget(state_, now, prober_);
  }
}

// The target, or one that was asked to ping it.
bool FailureDetector::IsFromAsked(const net::Endpoint& from) const {
  const NodeRecord* const record = state_.roster.table().Find(target().name);
  if (record != nullptr && state_.places.Matches(record->endpoint(), from)) {
    return true;
  }
  const auto& helpers = prober_.helpers();
  return std::any_of(helpers.begin(), helpers.end(), [&](const auto& helper) {
    return state_.places.Matches(helper, from);
  });
}

FailureDetector::AckVerdict FailureDetector::OnAck(absl::Time now,
                                                   const net::Endpoint& from,
                                                   const wire::Ack& ack) {
  if (!prober_.Expects(ack.sequence)) return AckVerdict::kOther;
  if (!IsFromAsked(from)) {
    ++state_.counters.refused.acks;
    return AckVerdict::kRefused;
  }
  const bool is_direct = prober_.IsDirectAck(ack.sequence);
  if (is_direct) {
    state_.events.push_back(PingEvent{target().name, now - prober_.started(),
                                      ack.payload.value_or(wire::Bytes())});
  }
  Apply(now, prober_.OnAck(ack.sequence));
  return is_direct ? AckVerdict::kDirect : AckVerdict::kIndirect;
}

void FailureDetector::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  if (IsBoundFor(state_, prober_, to)) Apply(now, prober_.OnSendFailed());
}

void FailureDetector::OnMoved(std::string_view member) {
  if (prober_.running() && target().name == member) prober_.Cancel();
}

}  // namespace lb::gossip
