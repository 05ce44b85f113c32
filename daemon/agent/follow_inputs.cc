// Agent's inputs: what happens to the node, and what its life asks for.
#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/bytes.h"
#include "lb/base/status_macros.h"

namespace lb {
namespace {

using gossip::MemberChange;

// A member that is no lbd takes nothing from a node that is up.
absl::Status CheckOthersTakeOver(
    const std::vector<Elections::LiveMember>& members) {
  for (const Elections::LiveMember& member : members) {
    if (member.metadata) continue;
    return absl::FailedPreconditionError(fmt::format(
        "drain: member {} is no lbd and would not take addresses from a node "
        "that is up, want lbds only; stop this one instead",
        member.name));
  }
  return absl::OkStatus();
}

}  // namespace

void Agent::OnGossip(const gossip::GossipEvent& event) {
  const absl::Time now = environment_.loop->Now();
  tally_.OnGossip(now, event);
  presence_->OnEvent(event);
  events_.OnGossip(event, [this](const net::IpAddress& address) {
    return presence_->seeds().NameOf(address);
  });
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    OnMember(*member);
  } else if (const auto* user = std::get_if<gossip::UserMessageEvent>(&event)) {
    OnHeard(exchange_.OnMessage(AsText(user->payload)));
  } else if (const auto* state = std::get_if<gossip::UserStateEvent>(&event)) {
    OnHeard(exchange_.OnState(state->payload));
  } else if (std::holds_alternative<gossip::ExchangeEvent>(event)) {
    OnExchange();
  } else if (const auto* conflict =
                 std::get_if<gossip::ConflictEvent>(&event)) {
    if (name_conflicts_.OnConflict(now, *conflict)) {
      events_.RecordNameConflict(*conflict);
    }
  }
}

void Agent::OnMember(const gossip::MemberEvent& event) {
  // An unverified member changes nothing, because an attacker can invent
  // thousands of them.
  const bool counts = event.member.verified;
  members_changed_ |= counts;
  life_.Tell([&](NodeLifecycle& life, absl::Time now) {
    life.OnMember(now);
    if (!counts) return;
    const bool is_gone = event.change == MemberChange::kFailed ||
                         event.change == MemberChange::kLeft;
    if (is_gone) life.OnMemberWent();
    if (event.change == MemberChange::kVerified) life.OnMemberCame(now);
  });
  if (!counts) return;
  if (const auto metadata = ParseNodeMetadata(event.member.meta)) {
    announcing_.Learn(event.member.name, *metadata);
  }
  ScheduleReconcile();
}

void Agent::OnHeard(const StateExchange::Heard& heard) {
  if (heard.reunion) {
    life_.Tell(
        [](NodeLifecycle& life, absl::Time now) { life.OnReunion(now); });
  }
  if (heard.look) ScheduleReconcile();
  for (const absl::Status& refused : heard.refused) {
    events_.RecordRefusal(refused);
  }
}

void Agent::OnExchange() {
  addresses_.SetAlone(false);
  if (ready() && !author_.knows_hosts()) ScheduleReconcile();
  life_.Tell([](NodeLifecycle& life, absl::Time now) { life.OnExchange(now); });
}

void Agent::OnAddress() {
  life_.Tell([](NodeLifecycle& life, absl::Time now) { life.OnLinks(now); });
  ScheduleReconcile();
}

void Agent::OnInterfaces() {
  presence_->OnLinks();
  OnAddress();
}

// If a member yielded the address, this node claims it again: its claim is then
// newer than that member's, and wins when the two exchange their tenures again.
void Agent::OnAddressConflict(const announce::Conflict& conflict) {
  tally_.OnConflict(environment_.loop->Now(), conflict);
  ScheduleReconcile();  // A foreign host's address is no longer held by us.
  if (conflict.outcome != announce::Outcome::kRivalYields) return;
  elections_.Reclaim(conflict.announcement.vip, environment_.loop->CivilNow());
}

RivalMember Agent::JudgeRival(const net::IpAddress& vip,
                              const std::string& node) const {
  const auto member = presence_->gossip().Find(node);
  return {.live = member.has_value() && member->is_up() && member->verified,
          .precedes = elections_.Precedes(vip, node),
          .owns = owners_.IsOwnedBy(vip, node)};
}

void Agent::OnStall(absl::Duration duration) {
  history_.OnStall(environment_.loop->CivilNow() - duration);
  life_.Tell([duration](NodeLifecycle& life, absl::Time now) {
    life.OnStall(now, duration);
  });
}

absl::Status Agent::Drain() {
  if (!life().leaves()) LB_RETURN_IF_ERROR(CheckOthersTakeOver(LiveMembers()));
  return life_.Drain();
}

absl::StatusOr<std::vector<ipam::ReplicatedAllocator::Released>> Agent::Release(
    const ipam::ReplicatedAllocator::ReleaseTarget& target,
    absl::AnyInvocable<void(absl::Status)> on_saved) {
  LB_ASSIGN_OR_RETURN(auto released,
                      addresses_.Release(target, std::move(on_saved)));
  events_.RecordReleased(released);
  return released;
}

void Agent::Leave(absl::AnyInvocable<void()> done) {
  presence_->OnLeave();
  life_.Leave(std::move(done));
}

}  // namespace lb
