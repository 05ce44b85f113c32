#include "daemon/agent/gossip_follower.h"

#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/members/node_metadata.h"
#include "lb/base/bytes.h"

namespace lb {

using gossip::MemberChange;

void GossipFollower::OnEvent(const gossip::GossipEvent& event) {
  parts_.tally->OnGossip(parts_.loop->Now(), event);
  parts_.presence->OnEvent(event);
  parts_.events->OnGossip(event, [this](const net::IpAddress& address) {
    return parts_.presence->seeds().NameOf(address);
  });
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    OnMember(*member);
  } else if (const auto* user = std::get_if<gossip::UserMessageEvent>(&event)) {
    OnHeard(parts_.exchange->OnMessage(AsText(user->payload)));
  } else if (const auto* state = std::get_if<gossip::UserStateEvent>(&event)) {
    OnHeard(parts_.exchange->OnState(state->payload));
  } else if (std::holds_alternative<gossip::ExchangeEvent>(event)) {
    OnExchange();
  } else if (const auto* conflict =
                 std::get_if<gossip::ConflictEvent>(&event)) {
    OnConflict(*conflict);
  } else if (std::holds_alternative<gossip::ContactEvent>(event)) {
    ports_.look_soon();
  }
}

void GossipFollower::OnMember(const gossip::MemberEvent& event) {
  // An unverified member changes nothing, because an attacker can invent
  // thousands of them.
  const bool counts = event.member.verified;
  members_changed_ |= counts;
  parts_.life->Tell([&](NodeLifecycle& life, absl::Time now) {
    life.OnMember(now);
    if (!counts) return;
    const bool is_gone = event.change == MemberChange::kFailed ||
                         event.change == MemberChange::kLeft;
    if (is_gone) life.OnMemberWent();
    if (event.change == MemberChange::kVerified) life.OnMemberCame(now);
  });
  if (!counts) return;
  if (const auto metadata = ParseNodeMetadata(event.member.meta)) {
    parts_.announcing->Learn(event.member.name, *metadata);
  }
  ports_.look_soon();
}

void GossipFollower::OnHeard(const StateExchange::Heard& heard) {
  if (heard.reunion) {
    parts_.life->Tell(
        [](NodeLifecycle& life, absl::Time now) { life.OnReunion(now); });
  }
  if (heard.look) ports_.look_soon();
  for (const absl::Status& refused : heard.refused) {
    parts_.events->RecordRefusal(refused);
  }
}

void GossipFollower::OnExchange() {
  ports_.on_exchange();
  parts_.life->Tell(
      [](NodeLifecycle& life, absl::Time now) { life.OnExchange(now); });
}

void GossipFollower::OnConflict(const gossip::ConflictEvent& conflict) {
  if (name_conflicts_.OnConflict(parts_.loop->Now(), conflict)) {
    parts_.events->RecordNameConflict(conflict);
  }
}

}  // namespace lb
