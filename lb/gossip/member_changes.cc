#include "lb/gossip/member_changes.h"

#include <utility>
#include <variant>

namespace lb::gossip {

void MemberChanges::Settle(absl::Time now) {
  for (GossipEvent& event : state_.roster.TakeEvents()) {
    if (const auto* change = std::get_if<MemberEvent>(&event)) {
      OnChange(now, *change);
    }
    state_.events.push_back(std::move(event));
  }
  verifier_.PingNewcomers(now);
  state_.outbox.SendDirectMessages();
  if (leave_pending_ &&
      (!state_.roster.broadcasts().Contains(state_.roster.self().name) ||
       !state_.roster.table().HasOtherUp(state_.roster.self().name))) {
    leave_pending_ = false;
    state_.events.push_back(LeaveCompleteEvent{});
  }
}

// An unverified member is no reason to stop looking for others at its address,
// nor to look for it there.
void MemberChanges::OnChange(absl::Time now, const MemberEvent& event) {
  const Member& member = event.member;
  switch (event.change) {
    case MemberChange::kJoined:
      contacts_.End(member.name);
      return verifier_.Add(now, member.name);
    case MemberChange::kVerified:
      verifier_.Remove(member.name);
      if (!state_.options.probe.stream_pings)
        stream_only_.Forget(member.endpoint);
      return schedule_.reconnects().OnMemberUp(member.endpoint);
    case MemberChange::kUpdated:
      return;
    case MemberChange::kMoved:
      state_.places.Forget(event.moved_from);
      detector_.OnMoved(member.name);
      schedule_.reconnects().OnMemberLeft(now, event.moved_from);
      return schedule_.reconnects().OnMemberUp(member.endpoint);
    case MemberChange::kLeft:
      contacts_.End(member.name);
      verifier_.Remove(member.name);
      state_.places.Forget(member.endpoint);
      if (!member.verified) return;
      return schedule_.reconnects().OnMemberLeft(now, member.endpoint);
    case MemberChange::kFailed:
      verifier_.Remove(member.name);
      state_.places.Forget(member.endpoint);
      if (!member.verified) return;
      contacts_.Begin(now, member);
      if (!schedule_.reconnects().OnMemberFailed(now, member.endpoint)) {
        ++state_.counters.overflow.reconnect;
      }
      return;
  }
}

}  // namespace lb::gossip
