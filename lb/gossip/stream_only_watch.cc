#include "lb/gossip/stream_only_watch.h"

#include <vector>

#include "lb/gossip/dissemination.h"

namespace lb::gossip {

void StreamOnlyWatch::OnStreamAnswer(absl::Time now,
                                     const OwnRequest& request) {
  if (request.kind == OwnRequest::Kind::kPing) {
    const NodeRecord* const record = state_.roster.table().Find(request.node);
    if (record != nullptr && record->endpoint() == request.to) {
      Strike(now, *record);
    }
    return;
  }
  const NodeRecord* unverified = nullptr;
  for (const auto& record : state_.roster.table().records()) {
    if (record->endpoint() != request.to ||
        state_.roster.IsSelf(record->name()) ||
        record->state == wire::NodeState::kLeft) {
      continue;
    }
    if (record->is_up() && record->verified)
      return;  // Of several, one is well.
    unverified = record.get();
  }
  if (unverified != nullptr) Strike(now, *unverified);
}

void StreamOnlyWatch::OnPingAnswer(std::string_view member) {
  const NodeRecord* const record = state_.roster.table().Find(member);
  if (record != nullptr) Forget(record->endpoint());
}

void StreamOnlyWatch::Strike(absl::Time now, const NodeRecord& record) {
  if (peers_.OnStrike(now, record.name(), record.endpoint())) {
    state_.events.push_back(StreamOnlyEvent{record.ToMember()});
  }
}

// One that is probed no longer is tried by exchanges, which end some time.
std::vector<StreamOnlyPeer> StreamOnlyWatch::List(absl::Time now) const {
  std::vector<StreamOnlyPeer> list = peers_.List();
  const int scale = PushPullScale(state_.roster.table().verified().size());
  std::erase_if(list, [&](const StreamOnlyPeer& peer) {
    const NodeRecord* const record = state_.roster.table().Find(peer.member);
    if (record == nullptr || record->endpoint() != peer.endpoint ||
        record->state == wire::NodeState::kLeft) {
      return true;
    }
    const bool is_probed = record->is_up() && record->verified;
    return !is_probed &&
           now - peer.last >= 2 * scale * state_.options.reconnect.interval_max;
  });
  return list;
}

}  // namespace lb::gossip
