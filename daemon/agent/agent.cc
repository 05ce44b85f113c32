#include "daemon/agent/agent.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <variant>

#include "daemon/agent/node_metadata.h"
#include "lb/base/status_macros.h"
#include "lb/config/problem.h"
#include "lb/config/version.h"
#include "lb/election/digest.h"
#include "lb/ipam/ledger_codec.h"

namespace lb {
namespace {

using gossip::MemberChange;

// Ledger messages stay below a datagram's budget, with room for encryption.
constexpr size_t kLedgerMessageMax = 1200;
constexpr absl::Duration kLeaveTimeout = absl::Seconds(1);

gossip::GossipNodeOptions ToGossipOptions(const AgentOptions& options) {
  gossip::GossipNodeOptions gossip;
  gossip.self = {.name = options.node,
                 .endpoint = options.advertise,
                 .meta = {kNodeMetadata.begin(), kNodeMetadata.end()}};
  gossip.gossip = options.gossip;
  gossip.keyring = options.keyring;
  return gossip;
}

announce::AnnounceNodeOptions ToAnnounceOptions(const AgentOptions& options) {
  announce::AnnounceNodeOptions announce;
  announce.interfaces = options.interfaces;
  return announce;
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
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(
    AgentOptions options, const io::Environment& environment) {
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
      announce_(ToAnnounceOptions(options_), environment),
      addresses_(options_.node, environment, [this] { ScheduleReconcile(); }),
      delivery_(options_.node, environment),
      tally_(options_.node),
      reconcile_timer_(environment.loop->NewTimer([this] { Reconcile(); })),
      settle_timer_(environment.loop->NewTimer(
          [this] { BecomeReady("nobody answered in the settle time"); })) {}

void Agent::Start() {
  started_ = environment_.loop->CivilNow();
  addresses_.Restore();
  if (options_.delivery == Delivery::kLoopback) {
    delivery_.RemoveLeftovers(addresses_.AddressesOnRecord());
  }
  announce_.SetInterfacesObserver([this] { ScheduleReconcile(); });
  announce_.SetConflictObserver([this](const announce::Conflict& conflict) {
    tally_.OnConflict(environment_.loop->Now(), conflict);
  });
  announce_.Start();
  gossip_->SetObserver(
      [this](const gossip::GossipEvent& event) { OnGossip(event); });
  gossip_->SetUserState([this] {
    const std::string message = addresses_.FullMessage();
    return gossip::wire::Bytes(message.begin(), message.end());
  });
  gossip_->Start();
  Record(EventType::kNormal, "Started", "Node/" + options_.node,
         fmt::format("lbd {}, gossip at {}", config::kVersion,
                     options_.advertise.ToString()));
  if (options_.join.empty()) {
    BecomeReady("there is nobody to join");
    return;
  }
  settle_timer_->Arm(environment_.loop->Now() + options_.settle_time);
  if (const absl::Status joined = gossip_->Join(options_.join); !joined.ok()) {
    Record(EventType::kWarning, "JoinFailed", "Node/" + options_.node,
           std::string(joined.message()));
  }
}

void Agent::SetDesired(config::Desired desired) {
  const config::Desired before = std::exchange(desired_, std::move(desired));
  tally_.OnDesired(desired_.problems.size());
  RecordProblems(before.problems);
  AddressBook::Wanted wanted;
  wanted.pools = desired_.pools;
  wanted.incomplete = !desired_.problems.empty();
  for (const config::Service& service : desired_.services) {
    wanted.requests.emplace(service.request.service, service.request);
  }
  addresses_.SetWanted(std::move(wanted));
  ScheduleReconcile();
}

void Agent::Leave(absl::AnyInvocable<void()> done) {
  gossip_->Leave(kLeaveTimeout, [this, done = std::move(done)]() mutable {
    leaving_ = true;
    Reconcile();
    done();
  });
}

void Agent::OnGossip(const gossip::GossipEvent& event) {
  tally_.OnGossip(environment_.loop->Now(), event);
  if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
    OnMember(*member);
  } else if (const auto* user = std::get_if<gossip::UserMessageEvent>(&event)) {
    OnLedgerMessage(user->payload);
  } else if (const auto* state = std::get_if<gossip::UserStateEvent>(&event)) {
    OnLedgerMessage(state->payload);
  } else if (std::holds_alternative<gossip::ExchangeEvent>(event)) {
    BecomeReady("heard from the cluster");
  } else if (const auto* conflict =
                 std::get_if<gossip::ConflictEvent>(&event)) {
    Record(EventType::kWarning, "NameConflict",
           "Member/" + conflict->existing.name,
           fmt::format("{} claims the name of {}", conflict->other.ToString(),
                       conflict->existing.endpoint.ToString()));
  }
}

void Agent::OnMember(const gossip::MemberEvent& event) {
  Record(event.change == MemberChange::kFailed ? EventType::kWarning
                                               : EventType::kNormal,
         std::string(ReasonOf(event.change)), "Member/" + event.member.name,
         event.member.endpoint.ToString());
  ScheduleReconcile();
}

void Agent::OnLedgerMessage(const gossip::wire::Bytes& payload) {
  const std::string_view message(reinterpret_cast<const char*>(payload.data()),
                                 payload.size());
  // Others may use this gossip too.
  if (!ipam::IsLedgerMessage(message)) return;
  const absl::Status merged = addresses_.Merge(message);
  if (!merged.ok()) ReportRefusal(merged);
}

void Agent::ReportRefusal(const absl::Status& refusal) {
  const absl::Time now = environment_.loop->Now();
  if (now < next_refusal_report_) {
    ++unreported_refusals_;
    return;
  }
  next_refusal_report_ = now + kRefusalReportInterval;
  std::string message(refusal.message());
  if (unreported_refusals_ > 0) {
    message += fmt::format("; and {} before", unreported_refusals_);
  }
  unreported_refusals_ = 0;
  Record(EventType::kWarning, "LedgerMessageRefused", "Node/" + options_.node,
         std::move(message));
}

void Agent::BecomeReady(std::string_view why) {
  if (ready_) return;
  ready_ = true;
  settle_timer_->Disarm();
  Record(EventType::kNormal, "Ready", "Node/" + options_.node,
         std::string(why));
  ScheduleReconcile();
}

void Agent::ScheduleReconcile() {
  reconcile_timer_->Arm(environment_.loop->Now());
}

void Agent::Reconcile() {
  author_ =
      ready_ ? election::ElectLedgerAuthor(LedgerMembers()).value_or("") : "";
  addresses_.SetAuthor(author_.empty() ? std::nullopt : std::optional(author_));
  placement_ = PlaceServices(desired_, addresses_.entries(), LiveMembers());
  Announce();
  TellOthers();
  RecordChanges(addresses_.entries(), placement_);
}

void Agent::TellOthers() {
  for (const std::string& message :
       addresses_.TakeMessages(kLedgerMessageMax)) {
    const absl::Status sent =
        gossip_->Broadcast({message.begin(), message.end()});
    // What is not sent now reaches the others with the next full exchange.
    if (!sent.ok()) return;
  }
}

// An address is delivered before it is announced, and for as long.
void Agent::Announce() {
  announce::Announcements wanted;
  if (ready_ && !leaving_) {
    wanted = AnnouncementsOf(options_.node, addresses_.entries(), placement_);
  }
  std::set<net::IpAddress> after;
  for (const auto& [address, interfaces] : wanted) after.insert(address);
  std::set<net::IpAddress> both = after;
  for (const auto& [address, interfaces] : announcements_) both.insert(address);
  const bool delivers = options_.delivery == Delivery::kLoopback;
  if (delivers) delivery_.Deliver(both);
  announcements_ = wanted;
  announce_.SetAnnouncements(std::move(wanted));
  if (delivers) delivery_.Deliver(after);
}

void Agent::RecordChanges(const AddressEntries& entries,
                          const Placement& placement) {
  tally_.OnReconciled(environment_.loop->Now(),
                      {recorded_entries_, recorded_placement_},
                      {entries, placement}, ready_ && !leaving_);
  for (const auto& [service, entry] : recorded_entries_) {
    if (entries.contains(service)) continue;
    Record(EventType::kNormal, "ServiceRemoved", "Service/" + service,
           "no manifest asks for it any more");
  }
  for (const auto& [service, entry] : entries) {
    const AddressBook::Entry& known = recorded_entries_[service];
    if (known == entry) continue;
    const std::string object = "Service/" + service;
    if (!(known.assignment == entry.assignment)) {
      entry.assignment.addresses.empty()
          ? Record(EventType::kNormal, "ClearAssignment", object, entry.reason)
          : Record(EventType::kNormal, "IPAllocated", object,
                   entry.assignment.ToString());
    } else if (!entry.reason.empty() && !entry.waiting) {
      Record(EventType::kWarning, "AllocationFailed", object, entry.reason);
    }
  }
  for (const auto& [service, place] : placement) {
    const auto known = recorded_placement_.find(service);
    if (known != recorded_placement_.end() && known->second == place) continue;
    place.node.empty()
        ? Record(EventType::kWarning, "announceFailed", "Service/" + service,
                 place.reason)
        : Record(EventType::kNormal, "nodeAssigned", "Service/" + service,
                 "announced by " + place.node);
  }
  recorded_entries_ = entries;
  recorded_placement_ = placement;
}

void Agent::RecordProblems(const std::vector<config::Problem>& before) {
  for (const config::Problem& problem :
       config::NewProblems(desired_.problems, before)) {
    Record(EventType::kWarning,
           problem.reason.empty() ? "ObjectRefused" : problem.reason,
           problem.object, problem.ToString());
  }
}

void Agent::Record(EventType type, std::string reason, std::string object,
                   std::string message) {
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = type,
                            .reason = std::move(reason),
                            .object = std::move(object),
                            .message = std::move(message)});
}

std::vector<std::string> Agent::LiveMembers() const {
  std::vector<std::string> names;
  for (const gossip::Member& member : gossip_->Members()) {
    if (member.is_up()) names.push_back(member.name);
  }
  return names;
}

std::vector<std::string> Agent::LedgerMembers() const {
  std::vector<std::string> names;
  for (const gossip::Member& member : gossip_->Members()) {
    if (member.is_up() && KeepsLedger(member.meta)) {
      names.push_back(member.name);
    }
  }
  return names;
}

absl::Time Agent::ToCivil(absl::Time loop_time) const {
  return environment_.loop->CivilNow() - (environment_.loop->Now() - loop_time);
}

}  // namespace lb
