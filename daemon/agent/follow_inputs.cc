// Agent's inputs: what happens to the node, and what its life asks for.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/member.h"
#include "lb/io/turn_cause.h"

namespace lb {
namespace {

using WantedChange = ipam::ReplicatedAllocator::WantedChange;

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

// True for a rival that will leave an address to the elected node once it has
// heard of it. One that has left goes on answering until then.
bool YieldsToOthers(const gossip::Member& member) {
  return (member.is_up() && member.verified) ||
         member.state == gossip::wire::NodeState::kLeft;
}

WantedChange WantedChangeOf(const config::Desired& desired,
                            const config::Difference& difference) {
  WantedChange change = {.may_exist = desired.may_define};
  if (difference.pools) change.pools = desired.pools;
  for (const std::string& name : difference.services) {
    const config::Service* const service = config::FindService(desired, name);
    auto& request = change.requests[name];
    if (service != nullptr) request = service->request;
  }
  return change;
}

// The first of `drain_on` that the Node object of `node` has; empty: none.
std::string DrainMarkOf(const config::Desired& desired, const std::string& node,
                        const std::vector<std::string>& drain_on) {
  const auto found = desired.nodes.find(node);
  if (found == desired.nodes.end()) return "";
  const std::vector<std::string>& marks = found->second.marks;
  const auto mark = std::find_first_of(drain_on.begin(), drain_on.end(),
                                       marks.begin(), marks.end());
  return mark == drain_on.end() ? "" : *mark;
}

}  // namespace

void Agent::SetDesired(std::shared_ptr<const config::Desired> desired) {
  const config::Difference difference =
      config::DifferenceOf(*desired_, *desired);
  SetDesired(std::move(desired), difference);
}

void Agent::SetDesired(std::shared_ptr<const config::Desired> desired,
                       const config::Difference& difference) {
  const io::TurnCause cause(environment_.loop, "takes up manifests");
  // The allocator's pools are those of before, also if `desired` was changed in
  // place.
  const bool other_terms =
      difference.pools &&
      DespiteProxy(addresses_.pools()) != DespiteProxy(desired->pools);
  KeepDesired(std::move(desired));
  // Before all else that follows on later turns.
  routes_.SetDesired(*desired_, difference);
  routes_.Schedule();
  events_.RecordProblems(difference.new_problems);
  if (difference.pools) {
    events_.RecordPools(desired_->pools.size());
    presence_->SetPools(desired_->pools);
  }
  addresses_.ChangeWanted(WantedChangeOf(*desired_, difference));
  elections_.SetDesired(*desired_, difference);
  owners_.OnDesired(difference);
  if (other_terms) announcer_.Forget();
  ScheduleReconcile();
}

void Agent::KeepDesired(std::shared_ptr<const config::Desired> desired) {
  desired_ = std::move(desired);
  tally_.OnDesired(desired_->problems.size());
  const std::string mark =
      DrainMarkOf(*desired_, options_.node, options_.drain_on);
  life_.Tell([&](NodeLifecycle& life, absl::Time) { life.SetDrainMark(mark); });
}

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
  return {.live = member.has_value() && YieldsToOthers(*member),
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
