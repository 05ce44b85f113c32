// Roster's part when a node, ourselves or another, changes its address.
#include <algorithm>
#include <variant>
#include <vector>

#include "lb/gossip/roster.h"

namespace lb::gossip {
namespace {

// Members that are told at once. In a larger cluster gossip and exchanges tell
// the others.
constexpr size_t kToldMax = 1024;

}  // namespace

void Roster::MoveTo(absl::Time now, const net::Endpoint& endpoint) {
  if (endpoint == self_.endpoint) return;
  relocation_.OnMoved(self_.endpoint, endpoint);
  self_.endpoint = endpoint;
  own().node = wire::Share(Describe(self_));
  if (!leaving_) SayMoved(now, own().incarnation);
}

// `known`: the highest incarnation of this node that others may know.
void Roster::SayMoved(absl::Time now, uint32_t known) {
  NodeRecord& record = own();
  if (known > kIncarnationLast - 2) return;  // Nothing is higher.
  relocation_.SayGoodbye(now, known + 1);
  record.incarnation = known + 2;
  record.goodbye = known + 1;
  Broadcast(self_.name, OwnAlive());
  TellMoved(now);
}

void Roster::ReleaseMove(absl::Time now) {
  relocation_.Release();
  if (leaving_ || relocation_.claimed() == 0) return;
  SayMoved(now, std::max(relocation_.claimed(), own().incarnation));
}

void Roster::TellMoved(absl::Time now) {
  if (relocation_.due() > now) return;
  relocation_.OnTold(now, options_.dissemination.interval);
  if (leaving_) return;
  for (const NodeRecord* const record : table_.verified()) {
    if (IsSelf(record->name())) continue;
    if (direct_.introductions() >= kToldMax) return;
    direct_.Introduce(record->endpoint());
  }
}

// A member still has this node at its former address. It learns of the move in
// the exchange that brought this, or as an accuser, or by TellMoved().
void Roster::OnFormerAddress(absl::Time now, const NodeRecord& claim) {
  ++counters_->refused.stale;
  if (checks_.IsImplausible(own(), claim.incarnation)) return;
  if (relocation_.held()) {
    relocation_.NoteClaim(claim.incarnation);
  } else if (claim.incarnation > relocation_.goodbye()) {
    SayMoved(now, std::max(claim.incarnation, own().incarnation));
  }
}

std::vector<wire::Message> Roster::Introduction() const {
  std::vector<wire::Message> messages;
  if (relocation_.goodbye() != 0) {
    messages.push_back(wire::Dead{.incarnation = relocation_.goodbye(),
                                  .node = self_.name,
                                  .from = self_.name});
  }
  messages.push_back(OwnAlive());
  return messages;
}

// Did the node that `record` is of take leave in the message before this one,
// and did nothing follow from it yet? Then it has not been away.
bool Roster::TakeBackGoodbye(const NodeRecord& record) {
  if (record.state != wire::NodeState::kLeft || events_.empty()) return false;
  const auto* last = std::get_if<MemberEvent>(&events_.back());
  if (last == nullptr || last->change != MemberChange::kLeft ||
      last->member.name != record.name()) {
    return false;
  }
  events_.pop_back();
  return true;
}

}  // namespace lb::gossip
