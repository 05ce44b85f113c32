#include "daemon/agent/agent.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "daemon/exchange/user_state.h"
#include "daemon/hosts/spare_address.h"
#include "lb/base/status_macros.h"
#include "lb/config/version.h"
#include "lb/election/digest.h"
#include "lb/election/tenure_codec.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/io/state_ports.h"
#include "lb/io/turn_cause.h"
#include "lb/ipam/ledger_codec.h"

namespace lb {
namespace {

using gossip::wire::Bytes;
using WantedChange = ipam::ReplicatedAllocator::WantedChange;

AdvertiseOptions AdvertiseOptionsOf(const AgentOptions& options) {
  AdvertiseOptions advertise{.endpoint = options.advertise,
                             .exclude = options.interfaces.exclude};
  for (const net::HostPort& seed : options.join) {
    if (seed.address) advertise.seeds.push_back(*seed.address);
  }
  return advertise;
}

AddressOwners::Options OwnersOptionsOf(const AgentOptions& options) {
  AddressOwners::Options owners = {
      .node = options.node,
      .delivers = options.delivery == Delivery::kLoopback};
  for (const net::HostPort& seed : options.join) {
    if (seed.address) owners.seeds.push_back(*seed.address);
  }
  return owners;
}

// The names of interfaces in advertisements.
std::set<std::string> WantedInterfaces(const config::Desired& desired) {
  std::set<std::string> wanted;
  for (const auto& advertisement : desired.advertisements) {
    wanted.insert(advertisement.interfaces.begin(),
                  advertisement.interfaces.end());
  }
  return wanted;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(
    AgentOptions options, const io::Environment& environment) {
  LB_RETURN_IF_ERROR(
      election::Validate(election::Tenure{.address = options.advertise.address,
                                          .node = options.node,
                                          .term = 1,
                                          .since = absl::UnixEpoch()}));
  auto agent =
      std::unique_ptr<Agent>(new Agent(std::move(options), environment));
  gossip::GossipNodeOptions gossip{
      .self = agent->Identity(),
      .gossip = agent->options_.gossip,
      .codec = {.label = agent->options_.gossip_label},
      .keyring = agent->options_.keyring};
  const auto ports = gossip::Ports::From(environment);
  LB_ASSIGN_OR_RETURN(agent->gossip_,
                      gossip::GossipNode::Create(std::move(gossip), ports));
  agent->seeds_ = std::make_unique<gossip::Seeds>(agent->options_.join, ports,
                                                  agent->gossip_.get());
  return agent;
}

Agent::Agent(AgentOptions options, const io::Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      advertised_(AdvertiseOptionsOf(options_), environment),
      announcing_(MakeAnnouncingOptions(), environment),
      addresses_(options_.node, io::StatePorts::From(environment),
                 [this] { ScheduleReconcile(); }),
      owners_(OwnersOptionsOf(options_), environment,
              [this] { ScheduleReconcile(); }),
      elections_(options_.node, options_.election_policy),
      history_(options_.node, io::StatePorts::From(environment)),
      events_(options_.node, environment),
      sight_(MakeSight()),
      lifecycle_({.joins = !options_.join.empty(),
                  .settle_time = options_.settle_time,
                  .hold_down = options_.hold_down},
                 sight_.get()),
      tally_(options_.node, environment.loop->Now()),
      looks_(environment.loop, [this] { Reconcile(); }),
      life_timer_(environment.loop->NewTimer([this] {
        lifecycle_.OnTimer(environment_.loop->Now());
        FollowLifecycle();
      })) {}

AnnouncingOptions Agent::MakeAnnouncingOptions() {
  AnnouncingOptions announcing;
  announcing.node = options_.node;
  announcing.interfaces = options_.interfaces;
  announcing.delivery = options_.delivery;
  announcing.handover = options_.handover;
  announcing.stall_max = StallMaxOf(options_);
  announcing.is_spare = [this](const net::IpAddress& address) {
    return IsSpare(address, desired_->pools, owners_.owned());
  };
  announcing.judge_rival = [this](const net::IpAddress& vip,
                                  const std::string& node) {
    return JudgeRival(vip, node);
  };
  return announcing;
}

void Agent::Start() {
  started_ = environment_.loop->CivilNow();
  outcomes_.Subscribe(
      [this](const Outcome& outcome) { events_.OnOutcome(outcome); });
  outcomes_.Subscribe(
      [this](const Outcome& outcome) { tally_.OnOutcome(outcome); });
  outcomes_.Subscribe(
      [this](const Outcome& outcome) { history_.OnOutcome(outcome); });
  addresses_.Restore();
  for (const absl::Status& refused : history_.Restore()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(refused.message()));
  }
  advertised_.SetObserver([this] { OnAdvertised(); });
  seeds_->SetObserver([this] { advertised_.SetSeeds(seeds_->Addresses()); });
  announcing_.SetInterfacesObserver([this] { OnInterfaces(); });
  announcing_.SetConflictObserver(
      [this](const announce::Conflict& conflict) { OnConflict(conflict); });
  announcing_.SetStallObserver(
      [this](absl::Duration duration) { OnStall(duration); });
  announcing_.SetHandoverObserver([this] { OnHandover(); });
  announcing_.SetDeliveryObserver([this] { ScheduleReconcile(); });
  const absl::Status macs = announcing_.Start();
  if (!macs.ok()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(macs.message()));
  }
  if (const absl::Status facts = owners_.Start(gossip_.get()); !facts.ok()) {
    events_.RecordSelf(EventType::kWarning, "StateRefused",
                       std::string(facts.message()));
  }
  owners_.SetOwn();
  gossip_->SetObserver(
      [this](const gossip::GossipEvent& event) { OnGossip(event); });
  gossip_->SetUserState([this] {
    const io::TurnCause cause(environment_.loop, "packs its state for a peer");
    // Before any address of a service is told, whose addresses are none.
    Bytes state =
        PackUserState({owners_.FullMessage(), addresses_.FullMessage(),
                       elections_.tenures().FullMessage()});
    NoteStateSize(state.size());
    return state;
  });
  UpdateMetadata();
  gossip_->Start();
  events_.RecordSelf(EventType::kNormal, "Started",
                     fmt::format("lbd {}, gossip at {}", config::kVersion,
                                 advertised_.ToString()));
  RecordAdvertised();
  lifecycle_.Start(environment_.loop->Now());
  FollowLifecycle();
}

void Agent::SetDesired(config::Desired desired) {
  SetDesired(std::make_shared<const config::Desired>(std::move(desired)));
}

void Agent::SetDesired(std::shared_ptr<const config::Desired> desired) {
  const config::Difference difference =
      config::DifferenceOf(*desired_, *desired);
  SetDesired(std::move(desired), difference);
}

void Agent::SetDesired(std::shared_ptr<const config::Desired> desired,
                       const config::Difference& difference) {
  const io::TurnCause cause(environment_.loop, "takes up manifests");
  const bool other_terms = difference.pools && DespiteProxy(desired_->pools) !=
                                                   DespiteProxy(desired->pools);
  KeepDesired(std::move(desired));
  WantedChange change = {.may_exist = desired_->may_define};
  if (difference.pools) {
    change.pools = desired_->pools;
    advertised_.SetPools(desired_->pools);
  }
  for (const std::string& name : difference.services) {
    const config::Service* const service = config::FindService(*desired_, name);
    auto& request = change.requests[name];
    if (service != nullptr) request = service->request;
  }
  addresses_.ChangeWanted(std::move(change));
  elections_.SetDesired(*desired_, difference);
  owners_.OnDesired(difference);
  if (other_terms) planner_.Forget();
  ScheduleReconcile();
}

void Agent::KeepDesired(std::shared_ptr<const config::Desired> desired) {
  const auto before = std::exchange(desired_, std::move(desired));
  tally_.OnDesired(desired_->problems.size());
  events_.RecordProblems(desired_->problems, before->problems);
}

// What a member left to us is ours by a newer claim than its own, so that it
// stays ours when the two exchange their tenures again.
void Agent::OnConflict(const announce::Conflict& conflict) {
  tally_.OnConflict(environment_.loop->Now(), conflict);
  ScheduleReconcile();  // A foreign host's address is no longer held by us.
  if (conflict.outcome != announce::Outcome::kRivalYields) return;
  elections_.Reclaim(conflict.announcement.vip, environment_.loop->CivilNow());
}

RivalMember Agent::JudgeRival(const net::IpAddress& vip,
                              const std::string& node) const {
  const auto member = gossip_->Find(node);
  return {.live = member.has_value() && member->is_up() && member->heard,
          .precedes = elections_.Precedes(vip, node),
          .owns = owners_.IsOwnedBy(vip, node)};
}

void Agent::ScheduleReconcile() { looks_.Schedule(addresses_.look_interval()); }

void Agent::Reconcile() {
  const io::TurnCause cause(environment_.loop, "holds elections");
  lifecycle_.CheckCutOff(looks_.Begin());
  FollowLifecycle();
  owners_.SetOwnWithheld(announcing_.AllWithheld(environment_.loop->CivilNow() -
                                                 environment_.loop->Now()));
  owners_.SetOwn();
  UpdateMetadata();
  const bool members_changed = std::exchange(members_changed_, false);
  if (members_changed) {
    elections_.SetMembers(LiveMembers());
    owners_.OnMembers();
  }
  ipam::ReplicatedAllocator::Services changed = addresses_.TakeChanged();
  owners_.OnEntries(changed);
  UpdateOwners();
  if (members_changed || ready() == author_.empty() ||
      knows_hosts_ != KnowsHosts()) {
    ElectAuthor();
  }
  elections_.ReleaseUnused(addresses_.TakeUnrecorded(),
                           environment_.loop->CivilNow());
  elections_.NoteEntries(changed, addresses_.version());
  elections_.Update(*desired_, addresses_.entries(), addresses_.version());
  changed.merge(elections_.TakeChanged());
  Announce(changed);
  TellOthers();
  PublishOutcome(changed);
  RecordHistory();
  if (elections_.has_more()) ScheduleReconcile();
}

void Agent::NoteStateSize(size_t bytes) {
  std::string untold;
  if (bytes > gossip::kUserStateSizeMax) {
    untold = fmt::format(
        "ledger, tenures and facts have {} bytes, want at most {}: full "
        "exchanges tell nothing of them",
        bytes, gossip::kUserStateSizeMax);
  }
  const std::string before = std::exchange(untold_, std::move(untold));
  events_.RecordUntold(untold_, before);
}

void Agent::ElectAuthor() {
  author_ =
      ready() ? election::ElectLedgerAuthor(LedgerMembers()).value_or("") : "";
  knows_hosts_ = KnowsHosts();
  const bool may_assign =
      !author_.empty() && (knows_hosts_ || author_ != options_.node);
  addresses_.SetAuthor(may_assign ? std::optional(author_) : std::nullopt);
}

void Agent::UpdateMetadata() {
  const std::set<std::string> wanted = WantedInterfaces(*desired_);
  Bytes metadata = SerializeNodeMetadata(
      {.draining = draining() || lifecycle_.leaves(),
       .holding_down = lifecycle_.holding_down(),
       .silent = lifecycle_.silent(),
       .ignores_exclude_label = options_.ignore_exclude_label,
       .undeliverable = announcing_.Undeliverable(),
       .interfaces = announcing_.InterfacesToTell(wanted),
       .facts_digest = owners_.own_digest()},
      wanted);
  if (metadata == metadata_) return;
  metadata_ = std::move(metadata);
  members_changed_ = true;  // This node is one.
  // It cannot be refused: it is within gossip's bound by construction.
  gossip_->SetMeta(metadata_).IgnoreError();
}

// `changed`: services of which something is another than at the last call.
void Agent::Announce(const ipam::ReplicatedAllocator::Services& changed) {
  const io::TurnCause cause(environment_.loop, "announces addresses");
  std::set<net::IpAddress> probed;
  if (ready()) {
    probed =
        elections_.Claim(addresses_.entries(), environment_.loop->CivilNow(),
                         {[this](const net::IpAddress& address) {
                            return announcing_.Answers(address);
                          },
                          announcing_.LeftToForeigners()},
                         lifecycle_.reuniting());
  }
  const ElectedPlanner::Plan plan =
      planner_.Next({.acts = ready(),
                     .entries_version = addresses_.version(),
                     .placement_version = elections_.version(),
                     .withheld_version = owners_.version(),
                     .inputs = {.node = options_.node,
                                .entries = addresses_.entries(),
                                .placement = elections_.placement(),
                                .pools = desired_->pools,
                                .withheld = owners_.withheld(),
                                .probed = probed},
                     .entries_before = outcomes_.entries(),
                     .changed = changed,
                     .services_at = [this](const net::IpAddress& address) {
                       return elections_.ServicesAt(address);
                     }});
  if (const auto* all = std::get_if<Elected>(&plan)) {
    announcing_.Update(*all);
  } else if (const auto* change = std::get_if<ElectedChange>(&plan)) {
    announcing_.Change(*change);
  }
  if (ready() && announcing_.fenced()) announcing_.Unfence();
  if (lifecycle_.TakeMembersWent()) announcing_.Refresh();
  // A side of a split that kept its addresses has nothing new to announce; but
  // the other side's clients have heard others meanwhile.
  if (lifecycle_.TakeMembersCame()) {
    announcing_.Reclaim();
    announcing_.Refresh();
  }
}

void Agent::PublishOutcome(const ipam::ReplicatedAllocator::Services& changed) {
  const io::TurnCause cause(environment_.loop, "records what changed");
  const absl::Time now = environment_.loop->Now();
  const NodeHealth health = LookAtHealth();
  outcomes_.Publish(now, {addresses_.entries(), elections_.placement(), health},
                    changed, ready() && !lifecycle_.leaves());
  tally_.OnReconciled(now);
}

// While this node is not ready it knows nothing of others' announcements; it
// has none itself.
void Agent::RecordHistory() {
  const io::TurnCause cause(environment_.loop, "notes the history");
  history_.Record(environment_.loop->CivilNow(),
                  {.acts = ready() && !HasLeft(lifecycle_.stage()),
                   .leaves = lifecycle_.leaves(),
                   .has_manifests = tally_.manifests_read() > 0,
                   .entries = addresses_.entries(),
                   .placement = elections_.placement()},
                  [this] {
                    HistoryRecorder::Names live = {options_.node};
                    for (Elections::LiveMember& member : LiveMembers()) {
                      live.insert(std::move(member.name));
                    }
                    return live;
                  });
}

NodeHealth Agent::LookAtHealth() const {
  NodeHealth health;
  health.strict_arp_faults =
      announcing_.StrictArpFaults([this](const net::IpAddress& address) {
        return elections_.IsAssigned(address) &&
               !owners_.withheld().contains(address);
      });
  health.covered = ready() ? owners_.covered() : outcomes_.health().covered;
  return health;
}

std::vector<Elections::LiveMember> Agent::LiveMembers() const {
  const bool has_left = HasLeft(lifecycle_.stage());
  std::vector<Elections::LiveMember> live;
  for (const gossip::Member& member : gossip_->HeardMembers()) {
    if (has_left && member.name == options_.node) continue;
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

uint64_t Agent::last_event_sequence() const {
  return environment_.log->last_sequence();
}

}  // namespace lb
