// FullExchange: what a full exchange (push/pull) carries, and its merge.
//
// Each side sends all members that it knows and its user state. The members of
// the peer are claims like those of gossip (Roster::Merge). They come before
// the user state, and that before the ExchangeEvent.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_FULL_EXCHANGE_H_
#define LB_GOSSIP_FULL_EXCHANGE_H_

#include <utility>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/gossip/exchange_schedule.h"
#include "lb/gossip/member_changes.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/verifier.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class FullExchange {
 public:
  // All outlive it.
  FullExchange(SharedState& state, Verifier& verifier,
               ExchangeSchedule& schedule, MemberChanges& changes)
      : state_(state),
        verifier_(verifier),
        schedule_(schedule),
        changes_(changes) {}

  void SetUserState(wire::Bytes user_state) {
    user_state_ = std::move(user_state);
  }

  // What this node says.
  wire::PushPull OwnState(bool join) const;

  // What a peer says. It is refused and counted if Roster::Admit() does not
  // admit it.
  void Merge(absl::Time now, const net::Endpoint& peer,
             const wire::PushPull& remote, bool initiated_by_us);
  // Its members alone, or a part of them.
  void MergeMembers(absl::Time now, const net::Endpoint& peer,
                    absl::Span<const wire::PushNodeState> members,
                    bool initiated_by_us);

 private:
  bool IsVerifiedMember(const net::Endpoint& peer) const;

  SharedState& state_;
  Verifier& verifier_;
  ExchangeSchedule& schedule_;
  MemberChanges& changes_;
  wire::Bytes user_state_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_FULL_EXCHANGE_H_
