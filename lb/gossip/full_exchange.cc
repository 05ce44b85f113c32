#include "lb/gossip/full_exchange.h"

#include <algorithm>
#include <cstdint>

#include "lb/gossip/member.h"
#include "lb/gossip/member_table.h"

namespace lb::gossip {

wire::PushPull FullExchange::OwnState(bool join) const {
  wire::PushPull own = state_.roster.Snapshot(join);
  own.user_state = user_state_;
  return own;
}

bool FullExchange::IsVerifiedMember(const net::Endpoint& peer) const {
  const auto& records = state_.roster.table().records();
  return std::any_of(records.begin(), records.end(), [&](const auto& record) {
    return record->is_up() && record->verified && record->endpoint() == peer;
  });
}

void FullExchange::Merge(absl::Time now, const net::Endpoint& peer,
                         const wire::PushPull& remote, bool initiated_by_us) {
  if (!state_.roster.Admit(now, remote).ok()) {
    ++state_.counters.exchanges.failed;
    return;
  }
  ++state_.counters.exchanges.completed;
  MergeMembers(now, peer, remote.nodes, initiated_by_us);
  // A seed may have been a member before.
  if (initiated_by_us && IsVerifiedMember(peer)) {
    schedule_.reconnects().OnMemberUp(peer);
  }
  if (!remote.user_state.empty()) {
    state_.events.push_back(
        UserStateEvent{peer, remote.user_state, remote.join});
  }
  state_.events.push_back(ExchangeEvent{peer, remote.join, initiated_by_us});
}

void FullExchange::MergeMembers(absl::Time now, const net::Endpoint& peer,
                                absl::Span<const wire::PushNodeState> members,
                                bool initiated_by_us) {
  const uint64_t refuted = state_.counters.detection.refutations;
  state_.roster.Merge(now, members);
  changes_.Settle(now);  // The members come before the user state.
  verifier_.OnExchange(now, peer, members);
  // Gossip of this node may not reach a peer that holds it for dead.
  if (state_.options.dissemination.direct_answers && initiated_by_us &&
      state_.counters.detection.refutations != refuted) {
    state_.outbox.SendPlain(peer, state_.roster.OwnAlive());
  }
}

}  // namespace lb::gossip
