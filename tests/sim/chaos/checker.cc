#include "tests/sim/chaos/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "lb/announce/announcer.h"
#include "lb/announce/verdict.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::chaos {
namespace {

constexpr int kIntervalsPerSecond = 10;
// After its start, or after it was stopped, a node claims nothing before it has
// heard of the others or settle_time is over. Clocks may run 2 % fast.
constexpr double kOfSettleTime = 0.97;
// In larger clusters the nodes take turns, and agreement is asked less often.
constexpr size_t kEntriesPerInterval = 1000;
constexpr size_t kPendingPerHostMax = 4096;

// The address that a frame claims for its sender.
std::optional<net::IpAddress> ClaimedBy(absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return std::nullopt;
  if (frame->header.ether_type == net::kEtherTypeArp) {
    const auto packet = net::ParseArp(frame->payload);
    const bool is_claim = packet.ok() && !packet->sender_ip.is_unspecified();
    if (is_claim) return packet->sender_ip;
  } else if (const auto packet = net::ParseNdp(frame->payload); packet.ok()) {
    const auto* message =
        std::get_if<net::NeighborAdvertisement>(&packet->message);
    if (message != nullptr) return message->target;
  }
  return std::nullopt;
}

// True if the node has heard from the others since it started, or was woken up.
bool HasHeard(const Node& node) {
  const EventLog& log = node.host->log();
  const auto events = log.Since(node.events_then);
  if (events.size() < log.last_sequence() - node.events_then) {
    // In a large cluster it has forgotten the first exchanges.
    return node.agent->View().gossip().counters().exchanges.completed >
           node.exchanges_then;
  }
  return std::any_of(events.begin(), events.end(), [](const Event& event) {
    // It has heard some of them, maybe not all.
    return event.reason == "Ready" &&
           event.message.rfind("heard from the cluster", 0) == 0;
  });
}

// More nodes than one serves streams at a time may all turn to it when they
// start together; a node that found no room comes again.
uint64_t OverflowsOf(const gossip::GossipCounters& counters, size_t nodes) {
  const bool may_crowd = nodes > gossip::GossipOptions().streams.accepted_max;
  return counters.overflow.members + counters.overflow.broadcasts +
         counters.overflow.user_messages + counters.overflow.user_state +
         counters.overflow.ack_payload + counters.overflow.relays +
         counters.overflow.reconnect +
         (may_crowd ? 0 : counters.overflow.streams);
}

std::map<std::string, std::string> Shown(const Agent& agent) {
  std::map<std::string, std::string> shown;
  for (const auto& [service, entry] : agent.View().entries()) {
    shown[service] = entry.assignment.ToString();
  }
  return shown;
}

}  // namespace

Checker::Checker(Stage* stage, const Bounds& bounds)
    : stage_(stage),
      bounds_(bounds),
      began_(stage->world().loop().Now()),
      ownership_(bounds.facts),
      ability_(bounds.detection),
      strangers_(bounds),
      departed_(bounds.declared, bounds.rounds) {
  stage_->world().loop().SetAfterEvent([this] { AfterEvent(); });
  stage_->world().segment().SetTap(
      [this](int host, absl::Span<const uint8_t> frame) {
        OnFrame(host, frame);
      });
}

void Checker::Fail(std::string invariant, std::string what) {
  if (violation_) return;
  violation_ = {std::move(invariant), std::move(what),
                stage_->world().loop().Now() - began_};
}

// An address can only have been given away if the ledger has changed.
void Checker::AfterEvent() {
  const auto& nodes = stage_->nodes();
  seen_versions_.resize(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i]->running()) continue;
    const std::pair<const Agent*, uint64_t> version = {
        nodes[i]->agent.get(),
        nodes[i]->agent->View().addresses.ledger().version()};
    if (seen_versions_[i] == version) continue;
    seen_versions_[i] = version;
    CheckOneHolder(*nodes[i]);
  }
}

void Checker::CheckOneHolder(const Node& node) {
  std::map<net::IpAddress, std::string> held;
  for (const auto& [service, entry] : node.agent->View().entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      const auto [it, is_new] = held.emplace(assigned.address, service);
      if (is_new) continue;
      if (ServiceCatalog::MayShareAddress(service, it->second)) continue;
      Fail("one-holder",
           fmt::format("{}: {} and {} both have {}", node.name, it->second,
                       service, assigned.address.ToString()));
    }
  }
}

void Checker::OnFrame(int host, absl::Span<const uint8_t> frame) {
  const absl::Time now = stage_->world().loop().Now();
  if (host > static_cast<int>(stage_->nodes().size())) return;
  Node& node = *stage_->nodes()[host - 1];
  const bool is_awake =
      now - node.awake_at > bounds_.settle_time * kOfSettleTime;
  if (!node.running() || is_awake) return;
  const auto vip = ClaimedBy(frame);
  if (!vip || HasHeard(node)) return;
  Fail("silent-before-heard",
       fmt::format("{} has heard nobody for {} and claims {}", node.name,
                   absl::FormatDuration(now - node.awake_at), vip->ToString()));
}

void Checker::CheckStrangers() {
  if (const auto who = strangers_.WhoIsTakenIn(*stage_)) {
    Fail("keeps-strangers-out", *who);
  }
  if (const auto who = strangers_.WhoIsNotNamed(*stage_)) {
    Fail("names-strangers", *who);
  }
}

void Checker::OnInterval() {
  ++intervals_;
  FollowForgetful();
  CheckStrangers();
  const size_t nodes = stage_->nodes().size();
  const size_t entries = nodes * stage_->services().size();
  const size_t looked_at = std::max<size_t>(
      1, nodes * std::min<size_t>(entries, kEntriesPerInterval) /
             std::max<size_t>(entries, 1));
  for (size_t i = 0; i < looked_at; ++i) {
    const Node& node = *stage_->nodes()[next_node_++ % nodes];
    if (!node.running()) continue;
    CheckOneHolder(node);
    if (const auto who = WhoHoldsAHostsAddress(*stage_, node)) {
      Fail("no-hosts-address", *who);
    }
    CheckSettled(node);
    CheckLimits(node);
  }
  if (const auto wrong =
          ownership_.Follow(*stage_, HarmGossip(stage_->active()))) {
    Fail("hosts-own-theirs", *wrong);
  }
  if (const auto wrong = ability_.Follow(*stage_)) {
    Fail("answers-where-able", *wrong);
  }
  if (const auto who = departed_.WhoLivesOn(*stage_)) {
    Fail("declares-the-dead", *who);
  }
  CheckDoubleAnswers();
  CheckClients();
  if (const auto who = followers_.WhoIsAstray(*stage_, NodesThatAnswer())) {
    Fail("clients-follow", *who);
  }
  if (intervals_ % kIntervalsPerSecond == 0) acquaintances_.Follow(*stage_);
  if (intervals_ % (kIntervalsPerSecond * (1 + entries / 10'000)) == 0) {
    Settle();
    CheckRest();
  }
}

// A node whose disk was emptied knows nothing, and may decide on its own while
// it cannot hear the others.
void Checker::FollowForgetful() {
  const bool alone =
      HarmGossip(stage_->active()) ||
      std::any_of(stage_->nodes().begin(), stage_->nodes().end(),
                  [](const auto& node) { return !node->acts(); });
  for (auto& node : stage_->nodes()) {
    if (!node->forgetful || !node->running()) continue;
    node->cut_off |= alone;
    if (!alone && IsAtRest()) node->forgetful = false;
  }
}

void Checker::CheckSettled(const Node& node) {
  if (node.forgetful && node.cut_off) return;
  for (const auto& [service, addresses] : settled_) {
    const auto entry = node.agent->View().entries().find(service);
    if (entry == node.agent->View().entries().end()) continue;
    const std::string shown = entry->second.assignment.ToString();
    if (entry->second.assignment.addresses.empty() || shown == addresses) {
      continue;
    }
    Fail("settled-stays", fmt::format("{}: {} has {}, and had {}", node.name,
                                      service, shown, addresses));
  }
}

// Addresses that all nodes show while nothing is wrong may not change unasked.
void Checker::Settle() {
  for (auto it = settled_.begin(); it != settled_.end();) {
    stage_->services().Contains(it->first) ? ++it : it = settled_.erase(it);
  }
  for (const Fault& fault : stage_->active()) {
    if (!IsStatic(fault.kind)) return;
  }
  for (const auto& node : stage_->nodes()) {
    if (!node->acts()) return;
  }
  if (WhyNotAgreed()) return;
  for (const auto& [service, entry] :
       stage_->nodes()[0]->agent->View().entries()) {
    settled_[service] = entry.assignment.ToString();
  }
}

// No table is larger than the cluster needs, and no queue was ever full: no
// host floods it.
void Checker::CheckLimits(const Node& node) {
  const size_t nodes = stage_->nodes().size();
  const size_t services = stage_->services().ever();
  const announce::Announcer& announcer =
      node.agent->View().announcing.node().announcer();
  const struct {
    std::string_view what;
    uint64_t size;
    uint64_t max;
  } limits[] = {
      {"members", node.agent->View().gossip().Members().size(), nodes},
      {"records", node.agent->View().addresses.ledger().size(), services},
      // Each service has at most two addresses, on one interface.
      {"announcements", announcer.current().size(), 2 * services},
      {"addresses on lo", node.host->installer().installed().size(),
       2 * services},
      {"announcements refused", announcer.refused(), 0},
      {"answers that found no room",
       announcer.verdicts()[announce::Verdict::kQueueFull], 0},
      {"overflows of gossip",
       OverflowsOf(node.agent->View().gossip().counters(), nodes), 0},
      {"events that wait in all", stage_->world().loop().pending(),
       kPendingPerHostMax * stage_->world().hosts().size()},
  };
  for (const auto& [what, size, max] : limits) {
    if (size <= max) continue;
    Fail("limits", fmt::format("{} has {} {}, want {} at most", node.name, size,
                               what, max));
  }
}

Answering Checker::NodesThatAnswer() {
  Answering answering;
  for (auto& node : stage_->nodes()) {
    if (!node->acts()) continue;
    for (const auto& [announcement, post] :
         node->agent->View().announcing.node().announcer().current()) {
      if (node->agent->View().announcing.Answers(announcement.vip)) {
        answering[announcement.vip].push_back(node.get());
      }
    }
  }
  return answering;
}

// Nodes that read different manifests may elect differently; they are reported
// as drift.
bool Checker::MustBeOne(const Node& a, const Node& b) const {
  return a.manifests == b.manifests && stage_->Connected(a, b) &&
         acquaintances_.KnowEachOther(a, b);
}

void Checker::CheckDoubleAnswers() {
  const absl::Time now = stage_->world().loop().Now();
  if (HarmSegment(stage_->active())) segment_faulty_at_ = now;
  auto before = std::exchange(doubles_, {});
  for (const auto& [vip, nodes] : NodesThatAnswer()) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (size_t j = i + 1; j < nodes.size(); ++j) {
        const std::pair key = {vip, std::pair(nodes[i]->name, nodes[j]->name)};
        const auto known = before.find(key);
        DoubleAnswer both =
            known == before.end() ? DoubleAnswer{.began = now} : known->second;
        if (!MustBeOne(*nodes[i], *nodes[j])) both.wrong_since = now;
        doubles_.emplace(key, both);
        const absl::Duration wrong =
            now - std::max(both.began, both.wrong_since);
        longest_double_ = std::max(longest_double_, wrong);
        const bool heard = segment_faulty_at_ < both.began - kFirstRounds;
        if (wrong <= (heard ? bounds_.double_answer : bounds_.unheard)) {
          continue;
        }
        Fail("one-answers",
             fmt::format("{} and {} answer for {} for {}", nodes[i]->name,
                         nodes[j]->name, vip.ToString(),
                         absl::FormatDuration(wrong)));
      }
    }
  }
}

// While only nodes come and go, announcements lead every client to the owner,
// and the owner answers what it is asked.
void Checker::CheckClients() {
  const absl::Time now = stage_->world().loop().Now();
  for (const Fault& fault : stage_->active()) {
    if (!IsStatic(fault.kind) || fault.kind == FaultKind::kMalformed) {
      unquiet_at_ = now;
    }
  }
  const bool is_quiet = now - unquiet_at_ > NeighbourTable::WrongMax() &&
                        now - stage_->touched() > bounds_.double_answer;
  for (const auto& client : stage_->clients()) {
    const auto given_up = client->TakeGivenUp();
    if (!is_quiet || given_up.empty()) continue;
    const auto answering = NodesThatAnswer();
    for (const net::IpAddress& vip : given_up) {
      const auto found = answering.find(vip);
      if (found == answering.end()) continue;
      Fail("answers-clients",
           fmt::format("{} asks for {} and gets no answer; {} has it",
                       client->host().name(), vip.ToString(),
                       found->second[0]->name));
    }
  }
}

bool Checker::IsAtRest() const {
  for (const Fault& fault : stage_->active()) {
    if (!IsStatic(fault.kind)) return false;
  }
  return stage_->CanAnnounceAll() &&
         stage_->world().loop().Now() - stage_->touched() > bounds_.rest;
}

void Checker::CheckRest() {
  if (!IsAtRest()) return;
  if (const auto why = WhyNotAgreed()) Fail("agrees-at-rest", *why);
}

std::optional<std::string> Checker::WhyNotAgreed() {
  const Node* first = nullptr;
  std::map<std::string, std::string> shown;  // By the first.
  const auto answering = NodesThatAnswer();
  for (const auto& node : stage_->nodes()) {
    if (!node->acts()) continue;
    if (first == nullptr) first = node.get();
    const AddressEntries& entries = node->agent->View().entries();
    if (entries.size() != stage_->services().size()) {
      return fmt::format("{} knows {} services, want {}", node->name,
                         entries.size(), stage_->services().size());
    }
    if (shown.empty()) shown = Shown(*first->agent);
    if (Shown(*node->agent) != shown) {
      return fmt::format("{} and {} show different addresses", node->name,
                         first->name);
    }
    for (const auto& [service, entry] : entries) {
      if (entry.assignment.addresses.empty()) {
        return fmt::format("{}: {} has no address: {}", node->name, service,
                           entry.reason);
      }
      const auto place = node->agent->View().placement().find(service);
      if (place == node->agent->View().placement().end() ||
          place->second.announcers.empty()) {
        return fmt::format("{}: {} is announced by nobody", node->name,
                           service);
      }
      const std::string elected = election::NodesText(place->second.announcers);
      for (const auto& assigned : entry.assignment.addresses) {
        const auto found = answering.find(assigned.address);
        if (found == answering.end() || found->second.size() != 1 ||
            found->second[0]->name != elected) {
          return fmt::format(
              "{}: {} {} is elected for {}, which {} nodes answer", node->name,
              service, elected, assigned.address.ToString(),
              found == answering.end() ? 0 : found->second.size());
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> Checker::WhyNotReached() {
  for (const auto& [vip, nodes] : NodesThatAnswer()) {
    const net::MacAddress mac = nodes[0]->host->mac();
    for (const auto& client : stage_->clients()) {
      const auto known = client->Neighbour(vip);
      if (known != mac || !stage_->Delivers(mac, vip)) {
        return fmt::format("{} takes {} for {}, want {}", client->host().name(),
                           known ? known->ToString() : "nothing",
                           vip.ToString(), mac.ToString());
      }
    }
    const auto port = stage_->world().segment().PortOf(mac);
    if (port && *port != nodes[0]->host->number()) {
      return fmt::format("the switch has {} at port {}", mac.ToString(), *port);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Checker::WhyNotDelivered() {
  const auto answering = NodesThatAnswer();
  for (const auto& node : stage_->nodes()) {
    if (!node->acts()) continue;
    for (const auto& [interface, vip] : node->host->installer().installed()) {
      const auto found = answering.find(vip);
      if (found == answering.end() || found->second[0] != node.get()) {
        return fmt::format("{} has {} on {}, and does not announce it",
                           node->name, vip.ToString(), interface);
      }
    }
  }
  return std::nullopt;
}

}  // namespace lb::chaos
