// FailureDetector: probes one verified member in each probe_interval (SWIM).
//
// The member is pinged. If it does not ack within probe_timeout, others are
// asked to ping it; if none gets an ack either, the member is suspected. How
// others fare tells the node of its own health (Lifeguard; see Awareness).
// Suspicions end in Roster, and unverified members are pinged by Verifier.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_FAILURE_DETECTOR_H_
#define LB_GOSSIP_FAILURE_DETECTOR_H_

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "lb/gossip/prober.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class FailureDetector {
 public:
  // The first probe comes at a random phase: nodes that start together do not
  // probe together.
  FailureDetector(SharedState& state, absl::Time now);

  void OnTimer(absl::Time now);
  // When it judges the member by its silence, or probes the next one.
  absl::Time NextDeadline() const {
    return std::min(next_, prober_.NextDeadline());
  }
  // Forgives time that this process slept through.
  void Shift(absl::Duration by);

  enum class AckVerdict {
    kOther,     // It is the ack of no probe that runs.
    kRefused,   // It comes from a host that was not asked; it is counted.
    kDirect,    // The target itself, in time; a PingEvent tells it.
    kIndirect,  // By way of another member, over TCP, or late.
  };
  AckVerdict OnAck(absl::Time now, const net::Endpoint& from,
                   const wire::Ack& ack);
  // A helper says that it got no ack either, so this node is well.
  void OnNack(uint32_t sequence) { prober_.OnNack(sequence); }
  // The kernel refused a packet to `to`: there is no answer to wait for.
  void OnSendFailed(absl::Time now, const net::Endpoint& to);
  // The member is at another address: what was sent to the old one says
  // nothing.
  void OnMoved(std::string_view member);

  // The target of the probe that runs or ran last.
  const ProbeTarget& target() const { return prober_.target(); }

 private:
  void Begin(absl::Time now);
  void Apply(absl::Time now, Prober::Step step);
  bool IsFromAsked(const net::Endpoint& from) const;

  SharedState& state_;
  Prober prober_;
  absl::Time next_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_FAILURE_DETECTOR_H_
