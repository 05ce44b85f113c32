#include "tests/sim/chaos/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::chaos {
namespace {

constexpr int kIntervalsPerSecond = 10;
// How long after its start, or after it was stopped, a node must have heard of
// the others before it claims anything: less than settle_time.
constexpr absl::Duration kWakeUp = absl::Seconds(1);
// Announcements come in rounds, of which the last but the periodic ones is at
// 5 s.
constexpr absl::Duration kFirstRounds = absl::Seconds(6);
constexpr size_t kPendingPerHostMax = 4096;

// The address that a frame claims for its sender.
std::optional<net::IpAddress> ClaimedBy(absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return std::nullopt;
  if (frame->header.ether_type == net::kEtherTypeArp) {
    const auto packet = net::ParseArp(frame->payload);
    if (packet.ok()) return packet->sender_ip;
  } else if (const auto packet = net::ParseNdp(frame->payload); packet.ok()) {
    const auto* message =
        std::get_if<net::NeighborAdvertisement>(&packet->message);
    if (message != nullptr) return message->target;
  }
  return std::nullopt;
}

// Has the node heard from the others since it started, or was woken up?
bool HasHeard(const Stage::Node& node) {
  const auto events = node.host->log().Since(node.events_then);
  return std::any_of(events.begin(), events.end(), [](const Event& event) {
    return event.reason == "Ready" && event.message == "heard from the cluster";
  });
}

bool IsStatic(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
    case FaultKind::kKill:
    case FaultKind::kWipe:
    case FaultKind::kPowerCut:
    case FaultKind::kPause:
    case FaultKind::kClockJump:
    case FaultKind::kClockDrift:
    case FaultKind::kBrokenManifest:
    case FaultKind::kAddService:
    case FaultKind::kAddPool:
    case FaultKind::kRemoveService:
    case FaultKind::kDrain:
    case FaultKind::kMalformed:
      return true;
    default:
      return false;
  }
}

std::map<std::string, std::string> Shown(const Agent& agent) {
  std::map<std::string, std::string> shown;
  for (const auto& [service, entry] : agent.address_entries()) {
    shown[service] = entry.assignment.ToString();
  }
  return shown;
}

}  // namespace

Checker::Checker(Stage* stage, const Bounds& bounds)
    : stage_(stage), bounds_(bounds), began_(stage->world().loop().Now()) {
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

// Only a ledger that has changed can have given an address away.
void Checker::AfterEvent() {
  for (const auto& node : stage_->nodes()) {
    if (!node->running()) continue;
    const std::pair<const Agent*, uint64_t> version = {
        node->agent.get(), node->agent->addresses().ledger().version()};
    auto& seen = seen_versions_[node.get()];
    if (seen == version) continue;
    seen = version;
    CheckOneHolder(*node);
  }
}

void Checker::CheckOneHolder(const Node& node) {
  std::map<net::IpAddress, std::string> held;
  for (const auto& [service, entry] : node.agent->address_entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      const auto [it, is_new] = held.emplace(assigned.address, service);
      if (is_new) continue;
      const int one = std::stoi(service.substr(service.rfind('s') + 1));
      const int other = std::stoi(it->second.substr(it->second.rfind('s') + 1));
      if (Stage::MayShare(one) && Stage::MayShare(other) &&
          one / 7 == other / 7) {
        continue;
      }
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
  if (!node.running() || now - node.awake_at > kWakeUp) return;
  const auto vip = ClaimedBy(frame);
  if (!vip || HasHeard(node)) return;
  for (const auto& other : stage_->nodes()) {
    if (other.get() == &node || !other->acts()) continue;
    if (!stage_->Connected(node, *other)) continue;
    if (!other->agent->announcing().Answers(*vip)) continue;
    Fail("silent-before-heard",
         fmt::format("{} has heard nobody and claims {}, which {} has",
                     node.name, vip->ToString(), other->name));
  }
}

void Checker::OnInterval() {
  ++intervals_;
  FollowForgetful();
  for (const auto& node : stage_->nodes()) {
    if (!node->running()) continue;
    CheckOneHolder(*node);
    CheckSettled(*node);
    CheckLimits(*node);
  }
  CheckDoubleAnswers();
  if (intervals_ % kIntervalsPerSecond == 0) {
    Settle();
    CheckRest();
  }
}

// A node whose disk was emptied knows nothing, and may go its own way while it
// cannot hear the others.
void Checker::FollowForgetful() {
  const bool alone =
      HasPathFault() ||
      std::any_of(stage_->nodes().begin(), stage_->nodes().end(),
                  [](const auto& node) { return !node->acts(); });
  for (auto& node : stage_->nodes()) {
    if (!node->forgetful || !node->running()) continue;
    node->cut_off |= alone;
    if (!alone && IsAtRest()) node->forgetful = false;
  }
}

bool Checker::HasPathFault() const {
  for (const Fault& fault : stage_->active()) {
    if (fault.kind <= FaultKind::kCutBoth || fault.kind == FaultKind::kUnplug ||
        fault.kind == FaultKind::kPowerCut) {
      return true;
    }
  }
  return false;
}

void Checker::CheckSettled(const Node& node) {
  if (node.forgetful && node.cut_off) return;
  for (const auto& [service, addresses] : settled_) {
    const auto entry = node.agent->address_entries().find(service);
    if (entry == node.agent->address_entries().end()) continue;
    const std::string shown = entry->second.assignment.ToString();
    if (entry->second.assignment.addresses.empty() || shown == addresses) {
      continue;
    }
    Fail("settled-stays", fmt::format("{}: {} has {}, and had {}", node.name,
                                      service, shown, addresses));
  }
}

// What all nodes show, while nothing is wrong, no node may change unasked.
void Checker::Settle() {
  for (auto it = settled_.begin(); it != settled_.end();) {
    const int number = std::stoi(it->first.substr(it->first.rfind('s') + 1));
    stage_->services().contains(number) ? ++it : it = settled_.erase(it);
  }
  for (const Fault& fault : stage_->active()) {
    if (!IsStatic(fault.kind)) return;
  }
  for (const auto& node : stage_->nodes()) {
    if (!node->acts()) return;
  }
  if (WhyNotAgreed()) return;
  for (const auto& [service, entry] :
       stage_->nodes()[0]->agent->address_entries()) {
    settled_[service] = entry.assignment.ToString();
  }
}

void Checker::CheckLimits(const Node& node) {
  const size_t nodes = stage_->nodes().size();
  const size_t members = node.agent->gossip().Members().size();
  if (members > nodes) {
    Fail("limits", fmt::format("{} knows {} members, want {} at most",
                               node.name, members, nodes));
  }
  const size_t pending = stage_->world().loop().pending();
  if (pending > kPendingPerHostMax * stage_->world().hosts().size()) {
    Fail("limits", fmt::format("{} events wait", pending));
  }
}

std::map<net::IpAddress, std::vector<Stage::Node*>> Checker::Answering() {
  std::map<net::IpAddress, std::vector<Node*>> answering;
  for (auto& node : stage_->nodes()) {
    if (!node->acts()) continue;
    for (const auto& [announcement, post] :
         node->agent->announcing().node().announcer().current()) {
      if (node->agent->announcing().Answers(announcement.vip)) {
        answering[announcement.vip].push_back(node.get());
      }
    }
  }
  return answering;
}

bool Checker::HasSegmentFault() const {
  for (const Fault& fault : stage_->active()) {
    const bool cuts = fault.kind <= FaultKind::kCutBoth &&
                      fault.kind != FaultKind::kCutGossip;
    if (cuts || fault.kind == FaultKind::kUnplug) return true;
  }
  return false;
}

// Who has started since gossip was cut knows none of the other side's MACs, and
// takes them for foreign hosts.
bool Checker::KnowEachOther(const Node& a, const Node& b) const {
  return a.agent->gossip().Find(b.name) && b.agent->gossip().Find(a.name);
}

void Checker::CheckDoubleAnswers() {
  const absl::Time now = stage_->world().loop().Now();
  if (HasSegmentFault()) segment_faulty_at_ = now;
  auto before = std::exchange(doubles_, {});
  for (const auto& [vip, nodes] : Answering()) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (size_t j = i + 1; j < nodes.size(); ++j) {
        // Nodes that read different manifests may elect differently; they are
        // reported as drift.
        if (nodes[i]->text != nodes[j]->text) continue;
        if (!stage_->Connected(*nodes[i], *nodes[j])) continue;
        if (!KnowEachOther(*nodes[i], *nodes[j])) continue;
        const std::pair key = {vip, std::pair(nodes[i]->name, nodes[j]->name)};
        const auto known = before.find(key);
        const absl::Time since = known == before.end() ? now : known->second;
        doubles_.emplace(key, since);
        longest_double_ = std::max(longest_double_, now - since);
        const bool heard = segment_faulty_at_ < since - kFirstRounds;
        if (now - since <= (heard ? bounds_.double_answer : bounds_.unheard)) {
          continue;
        }
        Fail("one-answers",
             fmt::format("{} and {} answer for {} for {}", nodes[i]->name,
                         nodes[j]->name, vip.ToString(),
                         absl::FormatDuration(now - since)));
      }
    }
  }
}

bool Checker::IsAtRest() const {
  for (const Fault& fault : stage_->active()) {
    if (!IsStatic(fault.kind)) return false;
  }
  return stage_->world().loop().Now() - stage_->touched() > bounds_.rest;
}

void Checker::CheckRest() {
  if (!IsAtRest()) return;
  if (const auto why = WhyNotAgreed()) Fail("agrees-at-rest", *why);
}

std::optional<std::string> Checker::WhyNotAgreed() {
  const Node* first = nullptr;
  const auto answering = Answering();
  for (const auto& node : stage_->nodes()) {
    if (!node->acts()) continue;
    if (first == nullptr) first = node.get();
    const AddressEntries& entries = node->agent->address_entries();
    if (entries.size() != stage_->services().size()) {
      return fmt::format("{} knows {} services, want {}", node->name,
                         entries.size(), stage_->services().size());
    }
    if (Shown(*node->agent) != Shown(*first->agent)) {
      return fmt::format("{} and {} show different addresses", node->name,
                         first->name);
    }
    for (const auto& [service, entry] : entries) {
      if (entry.assignment.addresses.empty()) {
        return fmt::format("{}: {} has no address: {}", node->name, service,
                           entry.reason);
      }
      const auto place = node->agent->placement().find(service);
      if (place == node->agent->placement().end() ||
          place->second.node.empty()) {
        return fmt::format("{}: {} is announced by nobody", node->name,
                           service);
      }
      for (const auto& assigned : entry.assignment.addresses) {
        const auto found = answering.find(assigned.address);
        if (found == answering.end() || found->second.size() != 1 ||
            found->second[0]->name != place->second.node) {
          return fmt::format(
              "{}: {} {} is elected for {}, which {} nodes answer", node->name,
              service, place->second.node, assigned.address.ToString(),
              found == answering.end() ? 0 : found->second.size());
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> Checker::WhyNotReached() {
  for (const auto& [vip, nodes] : Answering()) {
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
  const auto answering = Answering();
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
