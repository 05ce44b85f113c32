// The steps that all probes take, those of FailureDetector and of Verifier:
// helpers are asked (SWIM's ping-req), and a silent target is suspected.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_INDIRECT_PROBE_H_
#define LB_GOSSIP_INDIRECT_PROBE_H_

#include "absl/time/time.h"
#include "lb/gossip/prober.h"
#include "lb/gossip/shared_state.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// The target did not ack in time: asks indirect_checks members to ping it, and
// pings it over TCP. Ends the probe if the target is down already.
void AskHelpers(SharedState& state, absl::Time now, Prober& prober);

// No ping was acked: suspects the target, if it is up.
void SuspectTarget(SharedState& state, absl::Time now, const Prober& prober);

// True if a probe runs of the member at `to`.
bool IsBoundFor(const SharedState& state, const Prober& prober,
                const net::Endpoint& to);

}  // namespace lb::gossip

#endif  // LB_GOSSIP_INDIRECT_PROBE_H_
