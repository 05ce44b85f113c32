// Agent's inputs: what happens to the node, and what its life asks for.
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/status_macros.h"

namespace lb {
namespace {

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

void Agent::OnExchange() {
  addresses_.SetAlone(false);
  if (ready() && !author_.knows_hosts()) ScheduleReconcile();
}

void Agent::OnAddress() {
  life_.Tell([](NodeLifecycle& life, absl::Time now) { life.OnLinks(now); });
  ScheduleReconcile();
}

void Agent::OnInterfaces() {
  presence_->OnLinks();
  routes_.OnLinks();
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
  routes_.Leave();
  life_.Leave(std::move(done));
}

}  // namespace lb
