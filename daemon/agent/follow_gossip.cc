// Agent's gossip: what it hears of members and from them, and what it tells.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "daemon/agent/agent.h"
#include "daemon/exchange/user_state.h"
#include "daemon/members/gossip_problems.h"
#include "lb/base/bytes.h"
#include "lb/election/tenure_codec.h"
#include "lb/io/turn_cause.h"
#include "lb/ipam/ledger_codec.h"

namespace lb {
namespace {

using gossip::MemberChange;
using gossip::wire::Bytes;

// Messages stay below a datagram's budget, with room for encryption.
constexpr size_t kUserMessageMax = 1200;

// More than these are no matter for gossip: it has room for some 150 messages a
// second, and tells each of them to every member several times.
constexpr size_t kToldByGossipMax = 8;
constexpr size_t kNewsSpreadMin = 100;  // What fills as many, or so.

std::string_view ReasonOf(MemberChange change) {
  switch (change) {
    case MemberChange::kJoined:
      return "MemberJoined";
    case MemberChange::kUpdated:
      return "MemberUpdated";
    case MemberChange::kLeft:
      return "MemberLeft";
    case MemberChange::kFailed:
      return "MemberFailed";
    case MemberChange::kHeard:
      return "MemberVerified";
    case MemberChange::kMoved:
      return "MemberMoved";
  }
  return "";
}

}  // namespace

void Agent::OnGossip(const gossip::GossipEvent& event) {
  tally_.OnGossip(environment_.loop->Now(), event);
  seeds_->OnEvent(event);
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    OnMember(*member);
  } else if (const auto* user = std::get_if<gossip::UserMessageEvent>(&event)) {
    OnUserMessage(AsText(user->payload));
  } else if (const auto* state = std::get_if<gossip::UserStateEvent>(&event)) {
    OnUserState(state->payload);
  } else if (std::holds_alternative<gossip::ExchangeEvent>(event)) {
    addresses_.SetAlone(false);
    OnExchange();
  } else if (const auto* foreign =
                 std::get_if<gossip::UndecryptableEvent>(&event)) {
    events_.Record(
        EventType::kWarning, "GossipUndecryptable",
        {EventObject::kPeer, foreign->address.ToString()},
        DescribeMismatch(foreign->mismatch, seeds_->NameOf(foreign->address)));
  } else if (const auto* peer = std::get_if<gossip::StreamOnlyEvent>(&event)) {
    events_.Record(EventType::kWarning, "GossipOverTcpOnly",
                   {EventObject::kPeer, peer->member.name},
                   DescribeStreamOnly(peer->member.endpoint));
  } else if (const auto* conflict =
                 std::get_if<gossip::ConflictEvent>(&event)) {
    if (name_conflicts_.OnConflict(environment_.loop->Now(), *conflict)) {
      events_.RecordNameConflict(*conflict);
    }
  }
}

void Agent::OnMember(const gossip::MemberEvent& event) {
  events_.Record(
      event.change == MemberChange::kFailed ? EventType::kWarning
                                            : EventType::kNormal,
      std::string(ReasonOf(event.change)),
      {EventObject::kMember, event.member.name},
      event.change == MemberChange::kMoved
          ? fmt::format("{}, was {}", event.member.endpoint.ToString(),
                        event.moved_from.ToString())
          : event.member.endpoint.ToString());
  const absl::Time now = environment_.loop->Now();
  lifecycle_.OnMember(now);
  FollowLifecycle();
  // An unverified member changes nothing, because an attacker can invent
  // thousands of them.
  if (!event.member.heard) return;
  members_changed_ = true;
  const bool is_gone = event.change == MemberChange::kFailed ||
                       event.change == MemberChange::kLeft;
  if (is_gone) lifecycle_.OnMemberWent();
  if (event.change == MemberChange::kHeard) lifecycle_.OnMemberCame(now);
  FollowLifecycle();
  if (const auto metadata = ParseNodeMetadata(event.member.meta)) {
    announcing_.Learn(event.member.name, *metadata);
  }
  ScheduleReconcile();
}

void Agent::OnUserState(const Bytes& state) {
  const auto messages = UnpackUserState(state);
  if (!messages) return;  // Others may use this gossip too.
  size_t news = 0;
  for (const std::string& message : *messages) news += OnUserMessage(message);
  if (news >= kNewsSpreadMin) gossip_->SpreadUserState();
}

size_t Agent::OnUserMessage(std::string_view message) {
  const io::TurnCause cause(environment_.loop, "merges the state of a peer");
  absl::StatusOr<size_t> news = 0;
  if (auto facts = owners_.OnMessage(message)) {
    news = *std::move(facts);
    // Also of a message of which some was damaged.
    if (owners_.has_news()) ScheduleReconcile();
  } else if (ipam::IsLedgerMessage(message)) {
    news = addresses_.Merge(message);
  } else if (election::IsTenureMessage(message)) {
    news = elections_.Merge(message);
    if (news.ok() && *news > 0) {
      lifecycle_.OnReunion(environment_.loop->Now());
      FollowLifecycle();
    }
    // The sender may go by an old tenure, and then hears so from TellOthers().
    if ((news.ok() && *news > 0) || elections_.has_news()) ScheduleReconcile();
  }
  if (!news.ok()) events_.RecordRefusal(news.status());
  return news.value_or(0);
}

// What is not sent now reaches the others with the next full exchange.
void Agent::TellOthers() {
  const io::TurnCause cause(environment_.loop, "tells the others");
  owners_.TellOthers();
  for (const auto& messages : {addresses_.TakeMessages(kUserMessageMax),
                               elections_.TakeNews(kUserMessageMax)}) {
    if (messages.size() > kToldByGossipMax) {
      gossip_->SpreadUserState();
      continue;
    }
    for (const std::string& message : messages) {
      if (!gossip_->Broadcast({message.begin(), message.end()}).ok()) break;
    }
  }
}

}  // namespace lb
