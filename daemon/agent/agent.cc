#include "daemon/agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "daemon/agent/user_state.h"
#include "lb/base/status_macros.h"
#include "lb/config/version.h"
#include "lb/election/digest.h"
#include "lb/election/tenure_codec.h"
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

// From the first word of members that come to the last of them: each only has
// to hear that it passes for dead, and to answer.
constexpr absl::Duration kReunion = absl::Milliseconds(500);

gossip::GossipNodeOptions ToGossipOptions(const AgentOptions& options) {
  gossip::GossipNodeOptions gossip;
  gossip.self = {.name = options.node,
                 .endpoint = options.advertise,
                 .meta = SerializeNodeMetadata({})};
  gossip.gossip = options.gossip;
  gossip.keyring = options.keyring;
  return gossip;
}

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
      return "MemberHeard";
  }
  return "";
}

std::string_view AsText(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(
    AgentOptions options, const io::Environment& environment) {
  LB_RETURN_IF_ERROR(
      election::Validate(election::Tenure{.address = options.advertise.address,
                                          .node = options.node,
                                          .term = 1,
                                          .since = absl::UnixEpoch()}));
  LB_ASSIGN_OR_RETURN(auto gossip, gossip::GossipNode::Create(
                                       ToGossipOptions(options), environment));
  auto agent =
      std::unique_ptr<Agent>(new Agent(std::move(options), environment));
  agent->gossip_ = std::move(gossip);
  return agent;
}

Agent::Agent(AgentOptions options, const io::Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      announcing_(MakeAnnouncingOptions(), environment),
      addresses_(options_.node, environment, [this] { ScheduleReconcile(); }),
      elections_(options_.node, options_.election_policy),
      history_(options_.node, environment),
      events_(options_.node, environment),
      tally_(options_.node),
      reconcile_timer_(environment.loop->NewTimer([this] { Reconcile(); })),
      settle_timer_(environment.loop->NewTimer([this] { OnSettled(); })),
      hold_down_timer_(environment.loop->NewTimer([this] {
        holding_down_ = false;
        ScheduleReconcile();
      })),
      reunion_timer_(environment.loop->NewTimer([this] {
        reuniting_ = false;
        ScheduleReconcile();
      })),
      leave_timer_(environment.loop->NewTimer([this] { SayGoodbye(); })) {}

AnnouncingOptions Agent::MakeAnnouncingOptions() {
  AnnouncingOptions announcing;
  announcing.node = options_.node;
  announcing.interfaces = options_.interfaces;
  announcing.delivery = options_.delivery;
  announcing.handover = options_.handover;
  // The least time in which others can find out that we are gone, and take over
  // what we have: a suspicion that all confirm at once.
  announcing.stall_max =
      options_.gossip.probe_interval * options_.gossip.suspicion_mult;
  announcing.judge_rival = [this](const net::IpAddress& vip,
                                  const std::string& node) {
    return JudgeRival(vip, node);
  };
  return announcing;
}

void Agent::Start() {
  started_ = environment_.loop->CivilNow();
  addresses_.Restore();
  RestoreHistory();
  announcing_.SetInterfacesObserver([this] { OnInterfaces(); });
  announcing_.SetConflictObserver(
      [this](const announce::Conflict& conflict) { OnConflict(conflict); });
  announcing_.SetStallObserver(
      [this](absl::Duration duration) { OnStall(duration); });
  announcing_.SetHandoverObserver([this] { OnHandover(); });
  const absl::Status macs = announcing_.Start(addresses_.AddressesOnRecord());
  if (!macs.ok()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(macs.message()));
  }
  gossip_->SetObserver(
      [this](const gossip::GossipEvent& event) { OnGossip(event); });
  gossip_->SetUserState([this] {
    Bytes state = PackUserState(
        {addresses_.FullMessage(), elections_.tenures().FullMessage()});
    events_.RecordState(state.size());
    return state;
  });
  UpdateMetadata();
  gossip_->Start();
  events_.RecordSelf(EventType::kNormal, "Started",
                     fmt::format("lbd {}, gossip at {}", config::kVersion,
                                 options_.advertise.ToString()));
  if (options_.join.empty()) {
    BecomeReady("there is nobody to join");
  } else {
    AwaitCluster();
  }
}

void Agent::SetDesired(std::shared_ptr<const config::Desired> desired) {
  KeepDesired(std::move(desired));
  AddressBook::Wanted wanted;
  wanted.pools = desired_->pools;
  wanted.incomplete = !desired_->problems.empty();
  for (const config::Service& service : desired_->services) {
    wanted.requests.emplace(service.request.service, service.request);
  }
  addresses_.SetWanted(std::move(wanted));
  elections_.SetDesired(*desired_);
  ScheduleReconcile();
}

void Agent::KeepDesired(std::shared_ptr<const config::Desired> desired) {
  const auto before = std::exchange(desired_, std::move(desired));
  tally_.OnDesired(desired_->problems.size());
  events_.RecordProblems(desired_->problems, before->problems);
}

void Agent::OnGossip(const gossip::GossipEvent& event) {
  tally_.OnGossip(environment_.loop->Now(), event);
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    OnMember(*member);
  } else if (const auto* user = std::get_if<gossip::UserMessageEvent>(&event)) {
    OnUserMessage(AsText(user->payload));
  } else if (const auto* state = std::get_if<gossip::UserStateEvent>(&event)) {
    OnUserState(state->payload);
  } else if (std::holds_alternative<gossip::ExchangeEvent>(event)) {
    addresses_.SetAlone(false);
    OnExchange();
  } else if (const auto* conflict =
                 std::get_if<gossip::ConflictEvent>(&event)) {
    events_.Record(
        EventType::kWarning, "NameConflict",
        "Member/" + conflict->existing.name,
        fmt::format("{} claims the name of {}", conflict->other.ToString(),
                    conflict->existing.endpoint.ToString()));
  }
}

void Agent::OnMember(const gossip::MemberEvent& event) {
  events_.Record(event.change == MemberChange::kFailed ? EventType::kWarning
                                                       : EventType::kNormal,
                 std::string(ReasonOf(event.change)),
                 "Member/" + event.member.name,
                 event.member.endpoint.ToString());
  CheckAllAnswered();
  // Nothing follows from one that is only said to be: anybody may say so, of
  // thousands.
  if (!event.member.heard) return;
  members_changed_ = true;
  const bool is_gone = event.change == MemberChange::kFailed ||
                       event.change == MemberChange::kLeft;
  members_went_ |= is_gone;
  if (event.change == MemberChange::kHeard) {
    members_came_ = true;
    BeginReunion();
  }
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
  absl::StatusOr<size_t> news = 0;
  if (ipam::IsLedgerMessage(message)) {
    news = addresses_.Merge(message);
  } else if (election::IsTenureMessage(message)) {
    news = elections_.Merge(message);
    if (news.ok() && *news > 0) BeginReunion();
    // The sender may go by an old tenure, and then hears so from TellOthers().
    if ((news.ok() && *news > 0) || elections_.has_news()) ScheduleReconcile();
  }
  if (!news.ok()) events_.RecordRefusal(news.status());
  return news.value_or(0);
}

void Agent::BeginReunion() {
  reuniting_ = true;
  reunion_timer_->Arm(environment_.loop->Now() + kReunion);
}

// What a member left to us is ours by a newer claim than its own, so that it
// stays ours when the two exchange their tenures again.
void Agent::OnConflict(const announce::Conflict& conflict) {
  tally_.OnConflict(environment_.loop->Now(), conflict);
  if (conflict.outcome != announce::Outcome::kRivalYields) return;
  elections_.Reclaim(conflict.announcement.vip, environment_.loop->CivilNow());
  ScheduleReconcile();
}

RivalMember Agent::JudgeRival(const net::IpAddress& vip,
                              const std::string& node) const {
  const auto member = gossip_->Find(node);
  return {.live = member.has_value() && member->is_up() && member->heard,
          .precedes = elections_.Precedes(vip, node)};
}

// The first news counts at once; those that come in a burst after it, as when a
// thousand addresses move, are looked at together.
void Agent::ScheduleReconcile() {
  reconcile_timer_->Arm(std::max(environment_.loop->Now(),
                                 reconciled_ + addresses_.look_interval()));
}

void Agent::Reconcile() {
  reconciled_ = environment_.loop->Now();
  CheckCutOff();
  UpdateMetadata();
  const bool members_changed = std::exchange(members_changed_, false);
  if (members_changed) elections_.SetMembers(LiveMembers());
  if (members_changed || ready_ == author_.empty()) ElectAuthor();
  if (released_of_ != addresses_.ledger().version()) {
    released_of_ = addresses_.ledger().version();
    elections_.ReleaseUnused(addresses_.AddressesOnRecord(),
                             environment_.loop->CivilNow());
  }
  elections_.Update(*desired_, addresses_.entries(), addresses_.version());
  Announce();
  TellOthers();
  RecordHistory(RecordChanges());
  events_.RecordStrictArp(
      announcing_.StrictArpFaults([this](const net::IpAddress& address) {
        return elections_.IsAssigned(address);
      }));
}

void Agent::ElectAuthor() {
  author_ =
      ready_ ? election::ElectLedgerAuthor(LedgerMembers()).value_or("") : "";
  addresses_.SetAuthor(author_.empty() ? std::nullopt : std::optional(author_));
}

void Agent::UpdateMetadata() {
  Bytes metadata =
      SerializeNodeMetadata({.draining = draining_ || leaving(),
                             .holding_down = holding_down_,
                             .silent = silent_,
                             .interfaces = announcing_.UsableInterfaces()});
  if (metadata == metadata_) return;
  metadata_ = std::move(metadata);
  members_changed_ = true;  // This node is one.
  // It cannot be refused: it is within gossip's bound by construction.
  gossip_->SetMeta(metadata_).IgnoreError();
}

void Agent::Announce() {
  Decision decision = {.ready = ready_,
                       .addresses = addresses_.version(),
                       .placement = elections_.version()};
  if (ready_) {
    decision.unheld = elections_.Claim(
        addresses_.entries(), environment_.loop->CivilNow(), reuniting_);
  }
  if (decision != announced_) {
    announcing_.Update(ToElected(decision));
    announced_ = std::move(decision);
  }
  if (ready_ && announcing_.fenced()) announcing_.Unfence();
  if (std::exchange(members_went_, false)) announcing_.Refresh();
  // A side of a split that kept its addresses has nothing new to announce; but
  // the other side's clients have heard others meanwhile.
  if (!reuniting_ && std::exchange(members_came_, false)) {
    announcing_.Reclaim();
    announcing_.Refresh();
  }
}

Announcing::Elected Agent::ToElected(const Decision& decision) const {
  Announcing::Elected elected;
  if (!decision.ready) return elected;
  elected.here = AnnouncementsOf(options_.node, addresses_.entries(),
                                 elections_.placement());
  for (const net::IpAddress& vip : decision.unheld) {
    elected.here[vip].role = announce::Role::kProbeFirst;
  }
  for (const auto& [service, place] : elections_.placement()) {
    if (place.node.empty() || place.node == options_.node) continue;
    const auto& assignment = addresses_.entries().at(service).assignment;
    for (const auto& assigned : assignment.addresses) {
      elected.elsewhere.insert(assigned.address);
    }
  }
  return elected;
}

// What is not sent now reaches the others with the next full exchange.
void Agent::TellOthers() {
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

bool Agent::RecordChanges() {
  const absl::Time now = environment_.loop->Now();
  const std::pair versions(addresses_.version(), elections_.version());
  const bool changed = std::exchange(recorded_, versions) != versions;
  if (changed) {
    tally_.OnOutcome(now, {events_.entries(), events_.placement()},
                     {addresses_.entries(), elections_.placement()},
                     ready_ && !leaving());
    events_.RecordOutcome(addresses_.entries(), elections_.placement());
  }
  tally_.OnReconciled(now);
  return changed;
}

std::vector<Elections::LiveMember> Agent::LiveMembers() const {
  std::vector<Elections::LiveMember> live;
  for (const gossip::Member& member : gossip_->HeardMembers()) {
    if (departure_ == Departure::kGone && member.name == options_.node)
      continue;
    live.push_back({member.name, ParseNodeMetadata(member.meta)});
  }
  return live;
}

std::vector<std::string> Agent::LedgerMembers() const {
  std::vector<std::string> names;
  for (const Elections::LiveMember& member : LiveMembers()) {
    if (member.metadata) names.push_back(member.name);
  }
  return names;
}

absl::Time Agent::ToCivil(absl::Time loop_time) const {
  return environment_.loop->CivilNow() - (environment_.loop->Now() - loop_time);
}

}  // namespace lb
