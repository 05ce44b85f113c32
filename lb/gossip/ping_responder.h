// PingResponder: answers the pings and indirect pings of others.
//
// Any host can send a ping, and can forge its address, so answers are bounded
// (AnswerBudget) and carry no gossip: each asker sets their rate, and hundreds
// that start together would use up the sends of news that they already know.
// An indirect ping is passed on only to a known member (IndirectPings), and its
// ack back to the asker.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_PING_RESPONDER_H_
#define LB_GOSSIP_PING_RESPONDER_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "lb/gossip/answer_budget.h"
#include "lb/gossip/indirect_pings.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class PingResponder {
 public:
  explicit PingResponder(SharedState& state)
      : state_(state),
        indirect_pings_(state.options.probe.timeout,
                        state.options.probe.indirect_pings_max) {}

  // See Delegates::ack_payload.
  void SetAckPayload(std::function<wire::Bytes()> payload) {
    ack_payload_ = std::move(payload);
  }

  // A datagram of `bytes` came from there: it pays for answers.
  void OnReceived(absl::Time now, const net::Endpoint& from, size_t bytes) {
    budget_.OnReceived(now, from.address, bytes);
  }
  // False: the ping is for another node, or not the first in its datagram.
  bool Accepts(const wire::Ping& ping);
  // Acks an accepted ping. False: the budget of its sender is used up.
  bool Ack(absl::Time now, const net::Endpoint& from, const wire::Ping& ping);
  // Pings the target, or says by a nack that it does not.
  void OnIndirectPing(absl::Time now, const net::Endpoint& from,
                      const wire::IndirectPing& ask);
  // Passes on the ack of an indirect ping; ignores others.
  void OnAck(const net::Endpoint& from, const wire::Ack& ack);

  // Sends nacks for targets that were silent.
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const { return indirect_pings_.NextDeadline(); }
  // Forgives time that this process slept through.
  void Shift(absl::Duration by) { indirect_pings_.Shift(by); }

 private:
  net::Endpoint ReplyTo(const wire::Source& source,
                        const net::Endpoint& from) const;
  bool MayAnswer(absl::Time now, const net::Endpoint& from, size_t bytes);
  std::optional<wire::Bytes> AckPayload(const net::Endpoint& to,
                                        const wire::Ping& ping);

  SharedState& state_;
  AnswerBudget budget_;
  IndirectPings indirect_pings_;
  std::function<wire::Bytes()> ack_payload_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_PING_RESPONDER_H_
