// Membership's timer: the order of its parts.
#include <algorithm>

#include "lb/gossip/membership.h"

namespace lb::gossip {

void Membership::OnTimer(absl::Time now) {
  ForgiveLateness(now);
  rounds_.CatchUp(now);
  responder_.OnTimer(now);
  own_name_.OnTimer(now);
  detector_.OnTimer(now);
  verifier_.OnTimer(now);
  state_.roster.OnTimer(now);
  changes_.Settle(now);
  rounds_.OnTimer(now);
  schedule_.OnTimer(now);
  changes_.Settle(now);
}

// The next deadline that judges another member by its silence.
absl::Time Membership::NextVerdict() const {
  return std::min({detector_.NextDeadline(), verifier_.NextVerdict(),
                   responder_.NextDeadline(), state_.roster.NextDeadline()});
}

absl::Time Membership::NextDeadline() const {
  return std::min({NextVerdict(), rounds_.NextDeadline(),
                   schedule_.NextDeadline(), verifier_.NextDeadline(),
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
  detector_.Shift(late + grace);
  verifier_.Shift(late + grace);
  responder_.Shift(late + grace);
  state_.roster.Shift(late + grace);
}

void Membership::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  ++state_.counters.send_failures;
  detector_.OnSendFailed(now, to);
  verifier_.OnSendFailed(now, to);
}

}  // namespace lb::gossip
