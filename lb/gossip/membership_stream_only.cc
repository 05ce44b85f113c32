// Membership's watch for members whose UDP does not get through.
//
// Two signs, as not all profiles send TCP pings: a TCP ping was acked where a
// ping was not, and a full exchange with a member that acked no ping. Those
// that were never heard get pings all the time (Greeter), and those that failed
// do while they say that they are alive.
#include <vector>

#include "lb/gossip/dissemination.h"
#include "lb/gossip/membership.h"

namespace lb::gossip {

void Membership::NoteStreamAnswer(absl::Time now, const OwnRequest& request) {
  if (request.kind == OwnRequest::Kind::kPing) {
    const NodeRecord* const record = state_.roster.table().Find(request.node);
    if (record != nullptr && record->endpoint() == request.to) {
      Strike(now, *record);
    }
    return;
  }
  const NodeRecord* unheard = nullptr;
  for (const auto& record : state_.roster.table().records()) {
    if (record->endpoint() != request.to ||
        state_.roster.IsSelf(record->name()) ||
        record->state == wire::NodeState::kLeft) {
      continue;
    }
    if (record->is_up() && record->heard) return;  // Of several, one is well.
    unheard = record.get();
  }
  if (unheard != nullptr) Strike(now, *unheard);
}

void Membership::Strike(absl::Time now, const NodeRecord& record) {
  if (stream_only_.OnStrike(now, record.name(), record.endpoint())) {
    state_.events.push_back(StreamOnlyEvent{record.ToMember()});
  }
}

// One that is probed no longer is tried by exchanges, which end some time.
std::vector<StreamOnlyPeer> Membership::ListStreamOnly(absl::Time now) const {
  std::vector<StreamOnlyPeer> list = stream_only_.List();
  const int scale = PushPullScale(state_.roster.table().heard().size());
  std::erase_if(list, [&](const StreamOnlyPeer& peer) {
    const NodeRecord* const record = state_.roster.table().Find(peer.member);
    if (record == nullptr || record->endpoint() != peer.endpoint ||
        record->state == wire::NodeState::kLeft) {
      return true;
    }
    const bool is_probed = record->is_up() && record->heard;
    return !is_probed &&
           now - peer.last >= 2 * scale * state_.options.rejoin_interval_max;
  });
  return list;
}

}  // namespace lb::gossip
