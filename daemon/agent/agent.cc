#include "daemon/agent/agent.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "daemon/hosts/owned_addresses.h"
#include "daemon/hosts/spare_address.h"
#include "daemon/members/node_metadata.h"
#include "daemon/placement/live_members.h"
#include "lb/base/status_macros.h"
#include "lb/config/version.h"
#include "lb/election/tenure_codec.h"
#include "lb/io/state_ports.h"
#include "lb/io/turn_cause.h"

namespace lb {
namespace {

using gossip::wire::Bytes;

// How long a goodbye is repeated for those that have not acknowledged it.
constexpr absl::Duration kLeaveTimeout = absl::Seconds(1);

AddressOwners::Options OwnersOptionsOf(const AgentOptions& options) {
  return {.node = options.node,
          .delivers = options.delivery == Delivery::kLoopback,
          .seeds = JoinAddressesOf(options)};
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

AnnouncingOptions AnnouncingOptionsOf(const AgentOptions& options) {
  AnnouncingOptions announcing;
  announcing.node = options.node;
  announcing.interfaces = options.interfaces;
  announcing.delivery = options.delivery;
  announcing.handover = options.handover;
  announcing.stall_max = StallMaxOf(options);
  return announcing;
}

StateExchange::Ports ExchangePortsOf(io::Loop* loop,
                                     gossip::GossipNode* gossip) {
  return {.loop = loop,
          .broadcast =
              [gossip](Bytes message) {
                return gossip->Broadcast(std::move(message));
              },
          .spread = [gossip] { gossip->SpreadUserState(); }};
}

std::vector<std::string> NamesOf(std::vector<Elections::LiveMember> members) {
  std::vector<std::string> names;
  for (Elections::LiveMember& member : members) {
    names.push_back(std::move(member.name));
  }
  return names;
}

// Other nodes that can take traffic over: live, not draining, and known to a
// router. An older lbd does not tell the last, so it counts.
std::vector<std::string> OthersOf(std::vector<Elections::LiveMember> members,
                                  const std::string& node) {
  std::vector<std::string> others;
  for (Elections::LiveMember& member : members) {
    const bool cannot = member.metadata && (member.metadata->draining ||
                                            member.metadata->unrouted);
    if (member.name != node && !cannot) {
      others.push_back(std::move(member.name));
    }
  }
  return others;
}

Routing::Options RoutingOptionsOf(const AgentOptions& options) {
  return {.identity = {.node = options.node,
                       .ignore_exclude_label = options.ignore_exclude_label},
          .boot_id = options.boot_id,
          .listen = options.bgp_listen,
          .drain_wait = options.drain_wait};
}

// This node, and the members.
HistoryRecorder::Names WithNamesOf(std::vector<Elections::LiveMember> members,
                                   const std::string& node) {
  HistoryRecorder::Names names = {node};
  for (Elections::LiveMember& member : members) {
    names.insert(std::move(member.name));
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(
    AgentOptions options, const io::Environment& environment) {
  LB_RETURN_IF_ERROR(
      election::Validate(election::Tenure{.address = options.advertise.address,
                                          .node = options.node,
                                          .term = 1,
                                          .since = absl::UnixEpoch()}));
  LB_ASSIGN_OR_RETURN(auto presence,
                      GossipPresence::Create(options, environment));
  return std::unique_ptr<Agent>(
      new Agent(std::move(options), environment, std::move(presence)));
}

Agent::Agent(AgentOptions options, const io::Environment& environment,
             std::unique_ptr<GossipPresence> presence)
    : options_(std::move(options)),
      environment_(environment),
      presence_(std::move(presence)),
      announcing_(MakeAnnouncingOptions(), environment),
      addresses_(options_.node, io::StatePorts::From(environment),
                 [this] { ScheduleReconcile(); }),
      owners_(OwnersOptionsOf(options_), environment,
              [this] { ScheduleReconcile(); }),
      elections_(options_.node, options_.election_policy),
      announcer_(options_.node, &elections_, &announcing_),
      routes_(RoutingOptionsOf(options_), environment,
              {&addresses_, &owners_, &announcing_, &events_},
              MakeRoutePorts()),
      exchange_({&addresses_, &elections_, &owners_},
                ExchangePortsOf(environment.loop, &presence_->gossip())),
      author_(options_.node),
      history_(options_.node, io::StatePorts::From(environment)),
      events_(options_.node, environment,
              [this](const std::string& service) {
                return routes_.routing().IsRouted(
                    *desired_, addresses_.entries(), service);
              }),
      tally_(options_.node, environment.loop->Now()),
      life_({.joins = !options_.join.empty() || options_.follows_records,
             .settle_time = options_.settle_time,
             .hold_down = options_.hold_down},
            presence_.get(), environment.loop, MakeLifePorts()),
      follower_({.loop = environment.loop,
                 .presence = presence_.get(),
                 .exchange = &exchange_,
                 .announcing = &announcing_,
                 .life = &life_,
                 .events = &events_,
                 .tally = &tally_},
                {.look_soon = [this] { ScheduleReconcile(); },
                 .on_exchange = [this] { OnExchange(); }}),
      looks_(environment.loop, [this] { OnLookDue(); }) {
  if (options_.follows_records) addresses_.FollowRecords();
}

AnnouncingOptions Agent::MakeAnnouncingOptions() {
  AnnouncingOptions announcing = AnnouncingOptionsOf(options_);
  announcing.is_spare = [this](const net::IpAddress& address) {
    return IsSpare(address, desired_->pools, owners_.owned());
  };
  announcing.judge_rival = [this](const net::IpAddress& vip,
                                  const std::string& node) {
    return JudgeRival(vip, node);
  };
  return announcing;
}

RouteRunner::Ports Agent::MakeRoutePorts() {
  return {.node =
              [this] {
                return RouteRunner::Node{ready(), life().draining(), *desired_};
              },
          .update_owners = [this] { UpdateOwners(); },
          .look_soon = [this] { LookSoon(); },
          .members = [this] { return NamesOf(LiveMembers()); },
          .others = [this] { return OthersOf(LiveMembers(), options_.node); }};
}

LifecycleRunner::Ports Agent::MakeLifePorts() {
  return {.record = events_.SelfRecorder(),
          .join =
              [this] {
                tally_.OnAwaiting(environment_.loop->Now());
                return presence_->Join();
              },
          .forget = [this] { elections_.ForgetWinners(); },
          .begin_alone = [this] { addresses_.SetAlone(true); },
          .look_soon = [this] { ScheduleReconcile(); },
          .look_now = [this] { Reconcile(); },
          .say_goodbye =
              [this](absl::AnyInvocable<void()> said) {
                follower_.NoteMembersChanged();
                presence_->gossip().Leave(
                    kLeaveTimeout, [this, said = std::move(said)]() mutable {
                      follower_.NoteMembersChanged();
                      said();
                    });
              },
          .save = [this] { history_.Save(); },
          .is_handing_over = [this] { return announcing_.IsHandingOver(); },
          .is_delivering = [this] { return announcing_.IsDelivering(); },
          .on_stage =
              [this](LifeStage stage) {
                if (Acts(stage)) tally_.OnReady();
              }};
}

void Agent::Start() {
  tally_.OnStart(environment_.loop->CivilNow());
  Observe();
  Restore();
  owners_.SetOwn();
  UpdateMetadata();
  presence_->Start();
  events_.RecordSelf(EventType::kNormal, "Started",
                     fmt::format("lbd {}, gossip at {}", config::kVersion,
                                 presence_->advertised().ToString()));
  presence_->NoteAddress();
  life_.Tell([](NodeLifecycle& life, absl::Time now) { life.Start(now); });
}

void Agent::Observe() {
  outcomes_.Subscribe([this](const Outcome& outcome) {
    events_.OnOutcome(outcome);
    tally_.OnOutcome(outcome);
    history_.OnOutcome(outcome);
  });
  presence_->SetPorts({.record = events_.SelfRecorder(),
                       .on_address = [this] { OnAddress(); }});
  announcing_.SetInterfacesObserver([this] { OnInterfaces(); });
  announcing_.SetConflictObserver([this](const announce::Conflict& conflict) {
    OnAddressConflict(conflict);
  });
  announcing_.SetStallObserver(
      [this](absl::Duration duration) { OnStall(duration); });
  announcing_.SetHandoverObserver([this] { life_.OnHandover(); });
  announcing_.SetDeliveryObserver([this] { ScheduleReconcile(); });
  presence_->gossip().SetObserver(
      [this](const gossip::GossipEvent& event) { follower_.OnEvent(event); });
  presence_->gossip().SetUserState([this] {
    const std::string before = exchange_.untold();
    Bytes state = exchange_.Pack();
    events_.RecordUntold(exchange_.untold(), before);
    return state;
  });
}

// Reads the state that an earlier run wrote.
void Agent::Restore() {
  addresses_.Restore();
  for (const auto& status : history_.Restore()) events_.RecordRestored(status);
  events_.RecordRestored(announcing_.Start());
  events_.RecordRestored(owners_.Start(&presence_->gossip()));
}

void Agent::ScheduleReconcile() {
  routes_.Schedule();
  LookSoon();
}

void Agent::LookSoon() {
  looks_.Schedule(HasMore() ? ipam::ReplicatedAllocator::kLookInterval
                            : addresses_.look_interval());
}

void Agent::Reconcile() {
  const io::TurnCause cause(environment_.loop, "holds elections");
  looks_.Begin();
  life_.Tell(
      [](NodeLifecycle& life, absl::Time now) { life.CheckCutOff(now); });
  owners_.SetOwnWithheld(announcing_.AllWithheld(environment_.loop->CivilNow() -
                                                 environment_.loop->Now()));
  owners_.SetOwn();
  UpdateMetadata();
  const bool members_changed = follower_.TakeMembersChanged();
  if (members_changed) {
    elections_.SetMembers(LiveMembers());
    owners_.OnMembers();
  }
  routes_.Run(members_changed);
  looked_.Note(routes_.TakeChanged());
  Services changed = looked_.Take(addresses_);
  ElectAuthor(members_changed);
  elections_.ReleaseUnused(addresses_.TakeUnrecorded(),
                           environment_.loop->CivilNow());
  elections_.NoteEntries(changed, looked_.version());
  elections_.Update(*desired_, looked_.entries(), looked_.version());
  changed.merge(elections_.TakeChanged());
  Announce(changed);
  looked_.AddOthers(routes_.TakeRepeered(), &changed);
  exchange_.TellOthers();
  PublishOutcome(changed);
  routes_.RecordTurned();
  RecordHistory();
  if (HasMore()) LookSoon();
}

// No address of a host is a service's.
void Agent::UpdateOwners() {
  const io::TurnCause cause(environment_.loop, "looks for addresses of hosts");
  if (!owners_.Update({*desired_, addresses_.entries()})) return;
  elections_.SetWithheld(ToWithheld(owners_.owned()),
                         environment_.loop->CivilNow());
  addresses_.SetTaken(ToTaken(owners_.owned()));
}

void Agent::ElectAuthor(bool members_changed) {
  if (options_.follows_records) return;  // The controller assigns addresses.
  const LedgerAuthor::Sight sight = {ready(), KnowsHosts()};
  if (!members_changed && !author_.IsOutdated(sight)) return;
  author_.Elect(sight, LiveMembers());
  addresses_.SetAuthor(author_.Proposer());
}

// An address that a host has is no service's. So this node gives out none while
// a node of its join list may still turn up with it, as when all start
// together, or while a member's facts are on their way.
bool Agent::KnowsHosts() const {
  if (owners_.AwaitsFacts()) return false;
  return presence_->seeds().AllAnswered() ||
         !life().settling(environment_.loop->Now());
}

std::vector<Elections::LiveMember> Agent::LiveMembers() const {
  return LiveMembersOf(presence_->gossip().VerifiedMembers(),
                       HasLeft(life().stage()) ? options_.node : "");
}

void Agent::UpdateMetadata() {
  const std::set<std::string> wanted = WantedInterfaces(*desired_);
  Bytes metadata = SerializeNodeMetadata(
      {.draining = life().draining() || life().leaves(),
       .holding_down = life().holding_down(),
       .silent = life().silent(),
       .ignores_exclude_label = options_.ignore_exclude_label,
       .undeliverable = announcing_.Undeliverable(),
       .unrouted = routes_.routing().is_unrouted(),
       .interfaces = announcing_.InterfacesToTell(wanted),
       .facts_digest = owners_.own_digest()},
      wanted);
  if (metadata == presence_->gossip().self().meta) return;
  follower_.NoteMembersChanged();
  // It cannot be refused: it is within gossip's bound by construction.
  presence_->gossip().SetMeta(std::move(metadata)).IgnoreError();
}

// `changed`: services of which something is another than at the last call.
void Agent::Announce(const Services& changed) {
  const io::TurnCause cause(environment_.loop, "announces addresses");
  bool members_went = false;
  bool members_came = false;
  life_.Tell([&](NodeLifecycle& life, absl::Time) {
    members_went = life.TakeMembersWent();
    members_came = life.TakeMembersCame();
  });
  announcer_.Update({.acts = ready(),
                     .reuniting = life().reuniting(),
                     .members_went = members_went,
                     .members_came = members_came,
                     .entries = looked_.entries(),
                     .entries_version = looked_.version(),
                     .entries_before = looked_.before(),
                     .pools = desired_->pools,
                     .withheld = owners_.withheld(),
                     .withheld_version = owners_.version(),
                     .changed = changed,
                     .civil_now = environment_.loop->CivilNow()});
}

void Agent::PublishOutcome(const Services& changed) {
  const io::TurnCause cause(environment_.loop, "records what changed");
  const absl::Time now = environment_.loop->Now();
  looked_.NoteSame(changed);
  outcomes_.Publish(now, looked_.before(),
                    {looked_.entries(), elections_.placement(), LookAtHealth()},
                    changed, ready() && !life().leaves());
  tally_.OnReconciled(now);
}

NodeHealth Agent::LookAtHealth() const {
  auto strict_arp_faults =
      announcing_.StrictArpFaults([this](const net::IpAddress& address) {
        return elections_.IsAssigned(address) &&
               !owners_.withheld().contains(address);
      });
  return {std::move(strict_arp_faults),
          ready() ? owners_.covered() : outcomes_.health().covered};
}

// While this node is not ready it knows nothing of others' announcements; it
// has none itself.
void Agent::RecordHistory() {
  const io::TurnCause cause(environment_.loop, "notes the history");
  history_.Record(environment_.loop->CivilNow(),
                  {.acts = ready() && !HasLeft(life().stage()),
                   .leaves = life().leaves(),
                   .has_manifests = tally_.manifests_read() > 0,
                   .entries = looked_.entries(),
                   .placement = elections_.placement()},
                  [this] { return WithNamesOf(LiveMembers(), options_.node); });
}

NodeView Agent::View() const {
  return {.options = options_,
          .desired = *desired_,
          .addresses = addresses_,
          .elections = elections_,
          .owners = owners_,
          .announcing = announcing_,
          .routing = routes_.routing(),
          .presence = *presence_,
          .history = history_.history(),
          .tally = tally_,
          .health = outcomes_.health(),
          .name_conflicts = follower_.name_conflicts(),
          .host = {*environment_.links, environment_.turns},
          .stage = life().stage(),
          .drain = {life().draining(), life().drain_mark()},
          .ledger = {author_.name(), exchange_.untold(), HasMore()},
          .last_event_sequence = environment_.log->last_sequence(),
          .now = environment_.loop->Now(),
          .civil_now = environment_.loop->CivilNow()};
}

}  // namespace lb
