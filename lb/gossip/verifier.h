// Verifier: finds out whether a newcomer is there at all.
//
// Gossip can name any host as a member. A newcomer is pinged at once, and again
// until it acks; it is verified (Member::verified) then. NewcomerQueue has the
// order and the pace; this class sends its pings and acts on their verdicts.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_VERIFIER_H_
#define LB_GOSSIP_VERIFIER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/gossip/newcomer_queue.h"
#include "lb/gossip/prober.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class Verifier {
 public:
  Verifier(SharedState& state, const Prng& root)
      : state_(state), newcomers_(state.options, root.Fork("greeter")) {}

  // The member came up; PingNewcomers() pings it.
  void Add(absl::Time now, std::string_view member) {
    newcomers_.Add(now, member);
  }
  // It is verified, or down.
  void Remove(std::string_view member) { newcomers_.Remove(member); }
  // How many are up and not verified.
  size_t size() const { return newcomers_.size(); }

  void PingNewcomers(absl::Time now);
  // The member gave a sign of life: pings it out of turn.
  void PingAtOnce(absl::Time now, std::string_view member);
  // A full exchange with `peer` brought `members`. The peer is up; thousands of
  // members that it names may not be.
  void OnExchange(absl::Time now, const net::Endpoint& peer,
                  absl::Span<const wire::PushNodeState> members);
  // True: it is the ack of one of these pings, and the member is verified.
  bool OnAck(const net::Endpoint& from, uint32_t sequence);
  // The kernel refused a packet to `to`.
  void OnSendFailed(absl::Time now, const net::Endpoint& to);

  void OnTimer(absl::Time now);
  // When it judges a member by its silence.
  absl::Time NextVerdict() const { return newcomers_.NextVerdict(); }
  absl::Time NextDeadline() const { return newcomers_.NextDeadline(); }
  // Forgives time that this process slept through.
  void Shift(absl::Duration by) { newcomers_.Shift(by); }

 private:
  void Ping(const ProbeTarget& target);
  void Apply(absl::Time now, Prober& lane, Prober::Step step);

  SharedState& state_;
  NewcomerQueue newcomers_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_VERIFIER_H_
