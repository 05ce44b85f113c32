// Membership's packets: what rides on what, and what is left to be taken.
#include <utility>
#include <variant>
#include <vector>

#include "lb/base/status_macros.h"
#include "lb/gossip/membership.h"

namespace lb::gossip {

absl::Status Membership::SendUserDatagram(std::string_view name,
                                          wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(wire::Bytes message,
                      state_.outbox.EncodeUserMessage(std::move(payload)));
  LB_ASSIGN_OR_RETURN(const NodeRecord* const record, FindUp(name));
  state_.outbox.SendUserMessage(*record, std::move(message));
  return absl::OkStatus();
}

// A member that was never heard is no reason not to look for others at its
// address, nor to look for it there.
void Membership::OnMemberChange(absl::Time now, const MemberEvent& event) {
  const Member& member = event.member;
  switch (event.change) {
    case MemberChange::kJoined:
      return verifier_.Add(now, member.name);
    case MemberChange::kHeard:
      verifier_.Remove(member.name);
      if (!state_.options.stream_pings) stream_only_.Forget(member.endpoint);
      return schedule_.rejoin().OnMemberUp(member.endpoint);
    case MemberChange::kUpdated:
      return;
    case MemberChange::kMoved:
      state_.places.Forget(event.moved_from);
      detector_.OnMoved(member.name);
      schedule_.rejoin().OnMemberLeft(now, event.moved_from);
      return schedule_.rejoin().OnMemberUp(member.endpoint);
    case MemberChange::kLeft:
      verifier_.Remove(member.name);
      state_.places.Forget(member.endpoint);
      if (!member.heard) return;
      return schedule_.rejoin().OnMemberLeft(now, member.endpoint);
    case MemberChange::kFailed:
      verifier_.Remove(member.name);
      state_.places.Forget(member.endpoint);
      if (!member.heard) return;
      if (!schedule_.rejoin().OnMemberFailed(now, member.endpoint)) {
        ++state_.counters.rejoin_overflow;
      }
      return;
  }
}

void Membership::Settle(absl::Time now) {
  for (GossipEvent& event : state_.roster.TakeEvents()) {
    if (const auto* change = std::get_if<MemberEvent>(&event)) {
      OnMemberChange(now, *change);
    }
    state_.events.push_back(std::move(event));
  }
  verifier_.PingNewcomers(now);
  state_.outbox.SendDirectMessages();
  if (leave_pending_ &&
      (!state_.roster.broadcasts().Contains(state_.roster.self().name) ||
       !state_.roster.HasOtherUp())) {
    leave_pending_ = false;
    state_.events.push_back(LeaveCompleteEvent{});
  }
}

std::vector<OutgoingPacket> Membership::TakeOutgoing() {
  std::vector<OutgoingPacket> packets = state_.outbox.Take();
  state_.counters.datagrams_out += packets.size();
  return packets;
}

std::vector<StreamRequest> Membership::TakeRequests() {
  return state_.requests.TakeNew();
}

std::vector<GossipEvent> Membership::TakeEvents() {
  return std::exchange(state_.events, {});
}

}  // namespace lb::gossip
