// Agent's life: what it sees of the cluster, and what its lifecycle asks for.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "lb/base/status_macros.h"

namespace lb {
namespace {

// How long a goodbye is repeated for those that have not acknowledged it.
constexpr absl::Duration kLeaveTimeout = absl::Seconds(1);

}  // namespace

class Agent::Sight : public ClusterSight {
 public:
  explicit Sight(const Agent* agent) : agent_(agent) {}

  bool HearsOthers() const override {
    const auto heard = agent_->gossip_->HeardMembers();
    return std::any_of(heard.begin(), heard.end(), [&](const auto& member) {
      return member.name != agent_->options_.node;
    });
  }
  bool KnowsOthers() const override {
    return agent_->gossip_->Members().size() > 1;
  }
  bool AllAnswered() const override { return agent_->gossip_->unheard() == 0; }
  std::optional<bool> HasCarrier() const override {
    return agent_->advertised_.HasCarrier();
  }

 private:
  const Agent* const agent_;
};

std::unique_ptr<const ClusterSight> Agent::MakeSight() const {
  return std::make_unique<Sight>(this);
}

void Agent::FollowLifecycle() {
  for (const LifeAction& action : lifecycle_.TakeActions()) Do(action);
  if (ready()) tally_.OnReady();
  const absl::Time due = lifecycle_.next_timer();
  if (due == absl::InfiniteFuture()) {
    life_timer_->Disarm();
  } else {
    life_timer_->Arm(due);
  }
}

void Agent::Do(const LifeAction& action) {
  switch (action.kind) {
    case LifeAction::Kind::kRecord:
      return events_.RecordSelf(action.type, action.reason, action.message);
    case LifeAction::Kind::kJoin:
      return JoinCluster();
    case LifeAction::Kind::kForget:
      return elections_.BeginAnew();
    case LifeAction::Kind::kBeginAlone:
      return addresses_.SetAlone(true);
    case LifeAction::Kind::kReconcile:
      return ScheduleReconcile();
    case LifeAction::Kind::kSayGoodbye:
      return SayGoodbye();
    case LifeAction::Kind::kFinish:
      return Finish();
  }
}

void Agent::JoinCluster() {
  tally_.OnAwaiting(environment_.loop->Now());
  absl::Status joined = seeds_->Join();
  std::vector<net::Endpoint> members;
  for (const gossip::Member& member : gossip_->Members()) {
    if (member.heard && member.name != options_.node) {
      members.push_back(member.endpoint);
    }
  }
  if (!members.empty()) joined.Update(gossip_->Join(members));
  if (!joined.ok()) {
    events_.RecordSelf(EventType::kWarning, "JoinFailed",
                       std::string(joined.message()));
  }
}

void Agent::OnExchange() {
  if (ready() && !knows_hosts_) ScheduleReconcile();
  lifecycle_.OnExchange(environment_.loop->Now());
  FollowLifecycle();
}

void Agent::OnInterfaces() {
  advertised_.OnLinks();
  lifecycle_.OnLinks(environment_.loop->Now());
  FollowLifecycle();
  ScheduleReconcile();
}

void Agent::OnStall(absl::Duration duration) {
  history_.OnStall(environment_.loop->CivilNow() - duration);
  lifecycle_.OnStall(environment_.loop->Now(), duration);
  FollowLifecycle();
}

// An address that a host has is no service's. So this node gives out none while
// a node of its join list may still turn up with it, as when all start
// together, or while a member's facts are on their way.
bool Agent::KnowsHosts() const {
  if (owners_.AwaitsFacts()) return false;
  return seeds_->AllAnswered() ||
         !lifecycle_.settling(environment_.loop->Now());
}

absl::Status Agent::Drain() {
  for (const Elections::LiveMember& member : LiveMembers()) {
    if (member.metadata || lifecycle_.leaves()) continue;
    return absl::FailedPreconditionError(fmt::format(
        "drain: member {} is no lbd and would not take addresses from a node "
        "that is up, want lbds only; stop this one instead",
        member.name));
  }
  const absl::Status drained = lifecycle_.Drain();
  FollowLifecycle();
  return drained;
}

absl::Status Agent::Undrain() {
  const absl::Status undrained = lifecycle_.Undrain();
  FollowLifecycle();
  return undrained;
}

absl::StatusOr<std::vector<ipam::ReplicatedAllocator::Released>> Agent::Release(
    const ipam::ReplicatedAllocator::ReleaseTarget& target,
    absl::AnyInvocable<void(absl::Status)> on_saved) {
  LB_ASSIGN_OR_RETURN(auto released,
                      addresses_.Release(target, std::move(on_saved)));
  for (const ipam::ReplicatedAllocator::Released& one : released) {
    events_.Record(EventType::kNormal, "AddressReleased",
                   {EventObject::kService, one.service},
                   one.address.ToString() + ": freed by an operator");
  }
  return released;
}

// Two ways lead to others taking over: lbds see in the metadata that this node
// drains, all see its goodbye. Only after both, and after what was on its way
// here, it falls silent.
void Agent::Leave(absl::AnyInvocable<void()> done) {
  leave_done_ = std::move(done);
  lifecycle_.Leave(environment_.loop->Now());
  Reconcile();
  OnHandover();
}

void Agent::OnHandover() {
  if (!announcing_.IsHandingOver()) lifecycle_.OnHandedOver();
  FollowLifecycle();
  if (!announcing_.IsDelivering()) lifecycle_.OnDelivered();
  FollowLifecycle();
}

void Agent::SayGoodbye() {
  members_changed_ = true;
  gossip_->Leave(kLeaveTimeout, [this] {
    lifecycle_.OnGoodbyeSaid();
    members_changed_ = true;
    if (ready()) Reconcile();  // Finish() does otherwise.
    OnHandover();
  });
}

// `done` may destroy this agent, so it has a turn of its own.
void Agent::Finish() {
  Reconcile();
  history_.Save();
  environment_.loop->Post(std::exchange(leave_done_, nullptr));
}

}  // namespace lb
