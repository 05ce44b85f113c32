// Prober: one probe at a time, from its ping to its verdict.
//
// It keeps the times and the score of a probe and says what to do next. Its
// owner chooses the target and the helpers, and sends the packets.
#ifndef LB_GOSSIP_PROBER_H_
#define LB_GOSSIP_PROBER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

struct ProbeTarget {
  std::string name;
  uint32_t sequence = 0;  // Number of the ping and of all indirect ones.
};

class Prober {
 public:
  // The owner's next action.
  enum class Step {
    kNone,
    kAskOthers,  // The ping was not acked in time: call OnAsked().
    kSucceeded,  // The target is fine. The probe is over.
    kFailed,     // No ping was acked. The probe is over.
  };

  // The ping goes out now. It is to be acked within `timeout`, by whatever way
  // within `interval`. REQUIRES: no probe runs; timeout < interval.
  void Begin(absl::Time now, ProbeTarget target, absl::Duration timeout,
             absl::Duration interval);

  // `helpers` were asked; `nacks_expected` of them will say so if they fail
  // too.
  void OnAsked(int nacks_expected, std::vector<net::Endpoint> helpers) {
    nacks_expected_ = nacks_expected;
    helpers_ = std::move(helpers);
  }
  // kNone also for what belongs to no probe that runs.
  Step OnAck(uint32_t sequence);
  // True if an ack of this number would end the probe.
  bool Expects(uint32_t sequence) const {
    return running() && sequence == target_.sequence;
  }
  // True if this ack would be one to the ping itself, in time.
  bool IsDirectAck(uint32_t sequence) const {
    return phase_ == Phase::kDirect && sequence == target_.sequence;
  }
  void OnNack(uint32_t sequence);
  // The ping could not be sent: there is nothing to wait for.
  Step OnSendFailed();
  Step OnTimer(absl::Time now);
  // Ends it without a verdict.
  void Cancel() { phase_ = Phase::kIdle; }
  // Forgives time that we ourselves slept through.
  void Shift(absl::Duration by);

  bool running() const { return phase_ != Phase::kIdle; }
  // The target of the probe that runs or ran last.
  const ProbeTarget& target() const { return target_; }
  const std::vector<net::Endpoint>& helpers() const { return helpers_; }
  absl::Time started() const { return started_; }
  absl::Time deadline() const { return deadline_; }
  // The change of this node's own score (see Awareness) by the last verdict: -1
  // for a success. A failure counts as far as the helpers were silent as well.
  int health_delta() const { return health_delta_; }

  absl::Time NextDeadline() const;

 private:
  enum class Phase { kIdle, kDirect, kIndirect };

  Step Finish(Step verdict);

  Phase phase_ = Phase::kIdle;
  ProbeTarget target_;
  absl::Time started_;
  absl::Time direct_deadline_;
  absl::Time deadline_;
  std::vector<net::Endpoint> helpers_;
  int nacks_expected_ = 0;
  int nacks_ = 0;
  int health_delta_ = 0;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_PROBER_H_
