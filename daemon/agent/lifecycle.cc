// Agent's life: when it may act for the cluster, draining, and its end.
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

// How long a leaving node waits for others to take its addresses before it says
// goodbye, and for its goodbye to be heard.
constexpr absl::Duration kHandoverWait = absl::Milliseconds(500);
constexpr absl::Duration kLeaveTimeout = absl::Seconds(1);
// How long a node that heard from the cluster waits for members that have not
// answered it: a lost ping is repeated, who cannot answer passes for dead, and
// what nobody answers for holds nobody up.
constexpr absl::Duration kAnswerWait = absl::Seconds(1);
// How long a node that knows no other member waits for its join list after a
// stall. An exchange on the same network takes a few milliseconds.
constexpr absl::Duration kSeedWait = absl::Milliseconds(250);

}  // namespace

// Not ready until it has heard from the cluster, or waited for settle_time.
void Agent::AwaitCluster() {
  ready_ = false;
  exchanged_ = false;
  tally_.OnAwaiting(environment_.loop->Now());
  had_carrier_ = advertised_.HasCarrier().value_or(false);
  settle_until_ = environment_.loop->Now() + options_.settle_time;
  settle_timer_->Arm(settle_until_);
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

// Its members are known now; those that are there have answered in a moment.
void Agent::OnExchange() {
  if (ready_ && !knows_hosts_) ScheduleReconcile();
  if (ready_ || leaving() || exchanged_) return;
  exchanged_ = true;
  settle_timer_->Arm(
      std::min(settle_until_, environment_.loop->Now() + kAnswerWait));
  CheckAllAnswered();
}

void Agent::CheckAllAnswered() {
  if (exchanged_ && !leaving() && gossip_->unheard() == 0) {
    BecomeReady("heard from the cluster");
  }
}

void Agent::BecomeReady(std::string_view why) {
  if (ready_) return;
  ready_ = true;
  exchanged_ = false;
  tally_.OnReady();
  silent_ = false;
  settle_timer_->Disarm();
  if (environment_.loop->Now() < settle_until_) {
    settle_timer_->Arm(settle_until_);  // For KnowsHosts().
  }
  events_.RecordSelf(EventType::kNormal, "Ready", std::string(why));
  // Who finds others at work is new to them, or back.
  if (!HearsNobody() && options_.hold_down > absl::ZeroDuration()) {
    holding_down_ = true;
    hold_down_timer_->Arm(environment_.loop->Now() + options_.hold_down);
  }
  ScheduleReconcile();
}

void Agent::OnSettled() {
  if (ready_) return ScheduleReconcile();
  if (exchanged_) {
    return BecomeReady("heard from the cluster, but not from all members");
  }
  if (HearsNobody() && advertised_.HasCarrier() == false) {
    settle_timer_->Arm(environment_.loop->Now() + options_.settle_time);
    return;
  }
  addresses_.SetAlone(true);
  BecomeReady("nobody answered in the settle time");
}

void Agent::OnInterfaces() {
  advertised_.OnLinks();
  CheckCarrier();
  ScheduleReconcile();
}

// With a carrier that is back the others may be in reach again. Other links
// come and go with each container.
void Agent::CheckCarrier() {
  const bool had_carrier =
      std::exchange(had_carrier_, advertised_.HasCarrier().value_or(false));
  if (had_carrier_ && !had_carrier && !ready_ && !leaving()) AwaitCluster();
}

// The process was stopped, or the machine stood still. The announcer is fenced
// already; what this node knows of the cluster is old.
void Agent::OnStall(absl::Duration duration) {
  history_.history().EndOwn(environment_.loop->CivilNow() - duration,
                            history::HistoryEnd::kSilent);
  const std::string why =
      fmt::format("was not run for {}", absl::FormatDuration(duration));
  if (ready_ && !leaving() && gossip_->Members().size() == 1) {
    GoOnAlone(why);
  } else {
    FallSilent("Stalled", why);
  }
  ScheduleReconcile();
}

// A member takes over only from a node that it knows, and gossip makes that
// mutual: a node that was ready and knows no other member, not even a failed
// one, had nobody to take over from it. One of the join list may have started
// meanwhile, found nobody and begun alone, so the join list is asked first. A
// node that is not ready yet, as one that lost its memory and was just
// restarted, waits for the cluster as before.
void Agent::GoOnAlone(const std::string& why) {
  events_.RecordSelf(EventType::kWarning, "Stalled",
                     why + ": goes on, since it knows no other member");
  if (options_.join.empty()) return;
  AwaitCluster();
  settle_timer_->Arm(
      std::min(settle_until_, environment_.loop->Now() + kSeedWait));
}

// Others take over from a node that they cannot hear. One that loses members
// and sees why (no carrier) must not answer on its other interfaces, nor act on
// who it takes for dead when the carrier is back.
void Agent::CheckCutOff() {
  if (!ready_ || leaving() || advertised_.HasCarrier() != false) return;
  if (!members_went_ && !HearsNobody()) return;
  if (options_.join.empty() && gossip_->Members().size() < 2) return;
  FallSilent("CutOff", "loses members, and gossip has no carrier");
}

void Agent::FallSilent(std::string reason, const std::string& why) {
  events_.RecordSelf(EventType::kWarning, std::move(reason),
                     why + ": silent until the cluster is heard");
  silent_ = true;
  elections_.BeginAnew();
  AwaitCluster();
}

// An address that a host has is no service's. So this node gives out none while
// a node of its join list may still turn up with it, as when all start
// together, or while a member's facts are on their way.
bool Agent::KnowsHosts() const {
  if (owners_.AwaitsFacts()) return false;
  return seeds_->AllAnswered() || environment_.loop->Now() >= settle_until_;
}

bool Agent::HearsNobody() const {
  const auto heard = gossip_->HeardMembers();
  return std::all_of(heard.begin(), heard.end(), [&](const auto& member) {
    return member.name == options_.node;
  });
}

absl::Status Agent::Drain() {
  if (leaving()) return absl::FailedPreconditionError("drain: is leaving");
  for (const Elections::LiveMember& member : LiveMembers()) {
    if (member.metadata) continue;
    return absl::FailedPreconditionError(fmt::format(
        "drain: member {} is no lbd and would not take addresses from a node "
        "that is up, want lbds only; stop this one instead",
        member.name));
  }
  if (std::exchange(draining_, true)) return absl::OkStatus();
  events_.RecordSelf(
      EventType::kNormal, "Draining",
      "hands its addresses over until it is undrained or restarted");
  ScheduleReconcile();
  return absl::OkStatus();
}

absl::Status Agent::Undrain() {
  if (leaving()) return absl::FailedPreconditionError("undrain: is leaving");
  if (!std::exchange(draining_, false)) return absl::OkStatus();
  events_.RecordSelf(EventType::kNormal, "Undrained", "takes addresses again");
  ScheduleReconcile();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ipam::ReplicatedAllocator::Released>> Agent::Release(
    const ipam::ReplicatedAllocator::ReleaseTarget& target,
    absl::AnyInvocable<void(absl::Status)> on_saved) {
  LB_ASSIGN_OR_RETURN(auto released,
                      addresses_.Release(target, std::move(on_saved)));
  for (const ipam::ReplicatedAllocator::Released& one : released) {
    events_.Record(EventType::kNormal, "AddressReleased",
                   "Service/" + one.service,
                   one.address.ToString() + ": freed by an operator");
  }
  return released;
}

// Two ways lead to others taking over: lbds see in the metadata that this node
// drains, all see its goodbye. Only after both, and after what was on its way
// here, it falls silent.
void Agent::Leave(absl::AnyInvocable<void()> done) {
  leave_done_ = std::move(done);
  departure_ = Departure::kHandover;
  settle_timer_->Disarm();
  Reconcile();
  leave_timer_->Arm(environment_.loop->Now() + kHandoverWait);
  OnHandover();
}

void Agent::SayGoodbye() {
  if (departure_ != Departure::kHandover) return;
  departure_ = Departure::kGoodbye;
  members_changed_ = true;
  leave_timer_->Disarm();
  gossip_->Leave(kLeaveTimeout, [this] {
    departure_ = Departure::kGone;
    members_changed_ = true;
    Reconcile();
    OnHandover();
  });
}

void Agent::OnHandover() {
  if (!announcing_.IsHandingOver()) SayGoodbye();
  if (departure_ != Departure::kGone || announcing_.IsDelivering()) return;
  if (!leave_done_) return;
  ready_ = false;
  Reconcile();
  history_.Save();
  std::exchange(leave_done_, nullptr)();
}

}  // namespace lb
