// Membership's timers: probes, relays, gossip, exchanges.
#include <algorithm>
#include <utility>
#include <vector>

#include "lb/gossip/dissemination.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/skip_past.h"

namespace lb::gossip {

void Membership::OnTimer(absl::Time now) {
  ForgiveLateness(now);
  rounds_.CatchUp(now);
  responder_.OnTimer(now);
  own_name_.OnTimer(now);
  RunProbe(now);
  RunGreetings(now);
  state_.roster.OnTimer(now);
  Settle(now);
  rounds_.OnTimer(now);
  schedule_.OnTimer(now);
  Settle(now);
}

// The next deadline that judges another member by its silence.
absl::Time Membership::NextVerdict() const {
  return std::min({next_probe_, prober_.NextDeadline(), greeter_.NextVerdict(),
                   responder_.NextDeadline(), state_.roster.NextDeadline()});
}

absl::Time Membership::NextDeadline() const {
  return std::min({NextVerdict(), rounds_.NextDeadline(),
                   schedule_.NextDeadline(), greeter_.NextDeadline(),
                   own_name_.NextDeadline()});
}

// A process that was not run could not hear the answers it waits for: what it
// missed is no reason to accuse others, and one to doubt itself.
void Membership::ForgiveLateness(absl::Time now) {
  const absl::Duration grace = state_.options.probe_timeout / 2;
  const absl::Duration late = now - NextVerdict();
  if (late <= grace || !state_.options.forgive_lateness) return;
  ++state_.counters.late_wakeups;
  state_.roster.awareness().Apply(1);
  // The grace is for what waits in the socket.
  prober_.Shift(late + grace);
  greeter_.Shift(late + grace);
  responder_.Shift(late + grace);
  state_.roster.Shift(late + grace);
  next_probe_ += late + grace;
}

void Membership::RunProbe(absl::Time now) {
  ApplyProbe(now, prober_.OnTimer(now));
  if (next_probe_ > now) return;
  SkipPast(now, state_.options.probe_interval, next_probe_);
  if (!prober_.running()) BeginProbe(now);
}

void Membership::BeginProbe(absl::Time now) {
  const NodeRecord* const record = state_.roster.table().NextToProbe(
      now, state_.roster.self().name, state_.options.gossip_to_the_dead_time);
  // With no member to ask, no answer can lower the health score.
  if (record == nullptr) return state_.roster.awareness().Apply(-1);
  ++state_.counters.probes;
  const uint32_t sequence = state_.numbers.Next();
  prober_.Begin(now, {.name = record->name(), .sequence = sequence},
                state_.options.probe_timeout,
                state_.roster.awareness().Scale(state_.options.probe_interval));
  state_.outbox.SendPing(*record, sequence);
}

void Membership::AskOthers(absl::Time now, Prober& prober) {
  const ProbeTarget& target = prober.target();
  const NodeRecord* const record = state_.roster.table().Find(target.name);
  if (record == nullptr || !record->is_up()) return prober.Cancel();
  const auto helpers = state_.roster.table().Sample(
      state_.options.indirect_checks, [&](const NodeRecord& helper) {
        return helper.state == wire::NodeState::kAlive &&
               helper.name() != target.name &&
               !state_.roster.IsSelf(helper.name());
      });
  int nacks_expected = 0;
  std::vector<net::Endpoint> asked;
  for (const NodeRecord* const helper : helpers) {
    // Nacks tell of this node's own health; greetings do not count for it.
    const bool nack = helper->knows_nacks() && record->heard;
    if (nack) ++nacks_expected;
    ++state_.counters.indirect_probes;
    asked.push_back(helper->endpoint());
    state_.outbox.SendWithPiggyback(
        helper->endpoint(),
        wire::IndirectPing{.sequence = target.sequence,
                           .target = record->node->address,
                           .port = record->node->port,
                           .node = record->name(),
                           .nack = nack,
                           .source = state_.outbox.OwnSource()});
  }
  prober.OnAsked(nacks_expected, std::move(asked));
  const bool has_stream = record->heard || state_.requests.HasRoomForUnheard();
  if (state_.options.stream_pings && record->knows_stream_pings() &&
      has_stream) {
    ++state_.counters.stream_pings;
    state_.OpenRequest(now, prober.deadline(),
                       {.kind = OwnRequest::Kind::kPing,
                        .to = record->endpoint(),
                        .sequence = target.sequence,
                        .node = record->name()});
  }
}

void Membership::ApplyProbe(absl::Time now, Prober::Step step) {
  switch (step) {
    case Prober::Step::kNone:
      return;
    case Prober::Step::kAskOthers:
      return AskOthers(now, prober_);
    case Prober::Step::kSucceeded:
      state_.roster.awareness().Apply(prober_.health_delta());
      return;
    case Prober::Step::kFailed:
      break;
  }
  ++state_.counters.probes_failed;
  state_.roster.awareness().Apply(prober_.health_delta());
  const NodeRecord* const record =
      state_.roster.table().Find(prober_.target().name);
  if (record == nullptr || !record->is_up()) return;
  state_.roster.OnSuspect(now, {.incarnation = record->incarnation,
                                .node = record->name(),
                                .from = state_.roster.self().name});
}

void Membership::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  ++state_.counters.send_failures;
  const auto goes_there = [&](const Prober& prober) {
    if (!prober.running()) return false;
    const NodeRecord* const record =
        state_.roster.table().Find(prober.target().name);
    return record != nullptr && record->endpoint() == to;
  };
  if (goes_there(prober_)) ApplyProbe(now, prober_.OnSendFailed());
  for (Prober& lane : greeter_.lanes()) {
    if (goes_there(lane)) ApplyGreeting(now, lane, lane.OnSendFailed());
  }
}

}  // namespace lb::gossip
