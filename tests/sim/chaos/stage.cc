#include "tests/sim/chaos/stage.h"

#include <fmt/format.h>

#include <utility>

#include "lb/base/check.h"
#include "lb/gossip/wire/keyring.h"

namespace lb::chaos {
namespace {

// The time of a switch, IEEE 802.1Q 8.8.3.
constexpr absl::Duration kForwardingAge = absl::Seconds(300);
// A change of the manifests reaches all nodes within this time.
constexpr absl::Duration kSpread = absl::Seconds(1);
// In a small cluster each node's join list has all nodes.
constexpr size_t kJoinListMax = 5;
// Addresses of hosts are made from these numbers.
constexpr int kFirstNode = 201;

// The secrets of the nodes, of a node that runs with another one, and of the
// outsider.
constexpr char kSecret[] = "the secret of the cluster";
constexpr char kOtherSecret[] = "the secret of nobody else";
constexpr char kOutsiderSecret[] = "the secret of the outsider";

std::vector<net::IpPrefix> AddressesOf(int number) {
  return {*net::ParseIpPrefix(
              fmt::format("172.20.{}.{}/16", number / 200, 1 + number % 200)),
          *net::ParseIpPrefix(fmt::format("fd00:20::1:{:x}/64", number + 1)),
          *net::ParseIpPrefix(fmt::format("fe80::{:x}/64", number + 1))};
}

// Each of these is refused, alone.
constexpr char kBroken[] =
    "---\n"
    "apiVersion: metallb.io/v1beta1\n"
    "kind: IPAddressPool\n"
    "metadata: {name: reversed}\n"
    "spec: {addresses: ['172.20.90.9-172.20.90.1']}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: portless, namespace: default}\n"
    "spec: {type: LoadBalancer, ports: [{port: 0}]}\n";

// No other node reads these.
std::string OutsidersManifests() {
  return PoolManifest("outside", "172.20.120.0-172.20.120.7") +
         ServiceManifest("outside");
}

election::Policy OtherThan(election::Policy policy) {
  return policy == election::Policy::kCompat ? election::Policy::kSticky
                                             : election::Policy::kCompat;
}

// It encrypts with the key of `secret`.
gossip::wire::Keyring RingOf(const std::string& secret, Defect defect) {
  constexpr auto kDerivation = gossip::wire::KeyDerivation::kSha256;
  gossip::wire::Keyring ring;
  LB_CHECK(ring.AddSecret(secret, kDerivation).ok());
  if (defect != Defect::kEveryKey) return ring;
  for (const char* each : {kSecret, kOtherSecret, kOutsiderSecret}) {
    LB_CHECK(ring.AddSecret(each, kDerivation).ok());
  }
  return ring;
}

}  // namespace

AgentOptions OptionsOf(const Scenario& scenario) {
  AgentOptions options;
  options.gossip = gossip::FastProfile();
  options.delivery = Delivery::kLoopback;
  options.election_policy = scenario.policy;
  options.hold_down = absl::Seconds(5);
  switch (scenario.defect) {
    case Defect::kNoSettling:
      options.settle_time = absl::Nanoseconds(1);
      break;
    case Defect::kNoDetection:
      options.gossip.suspicion.mult = 1'000'000;
      break;
    case Defect::kNoRejoining:
      options.gossip.reconnect.interval_min = absl::Hours(1);
      options.gossip.reconnect.interval_max = absl::Hours(1);
      options.gossip.dissemination.to_the_dead_time = absl::ZeroDuration();
      break;
    case Defect::kEndlessHandover:
      options.handover.claim_wait = absl::Hours(1);
      break;
    default:
      break;
  }
  return options;
}

Stage::Stage(const Scenario& scenario)
    : scenario_(scenario),
      world_(scenario.seed),
      prng_(world_.Fork("stage")),
      services_(scenario.services),
      touched_(world_.loop().Now()) {
  world_.segment().SetMulticastSnooping(true);
  world_.segment().SetForwarding(kForwardingAge);
  AddHosts();
  for (const Fault& fault : scenario.script) {
    if (fault.kind != FaultKind::kReplay) continue;
    attacker_->Record(*nodes_[fault.other - 1]->host);
  }
}

Stage::~Stage() {
  world_.loop().SetAfterEvent({});
  world_.segment().SetTap({});
  for (auto& node : nodes_) {
    if (node->running()) node->Crash();
  }
  if (twin_.running()) twin_.Crash();
  if (outsider_.running()) outsider_.Crash();
}

void Stage::AddHosts() {
  for (int i = 1; i <= scenario_.nodes; ++i) {
    auto node = std::make_unique<Node>();
    node->name = fmt::format("n{}", i);
    node->host = world_.AddHost(
        {.name = node->name, .addresses = AddressesOf(kFirstNode - 1 + i)});
    nodes_.push_back(std::move(node));
  }
  int number = 0;
  for (const char* name : {"client", "router"}) {
    clients_.push_back(std::make_unique<LanHost>(
        world_.AddHost({.name = name, .addresses = AddressesOf(++number)}),
        prng_.Fork(name)));
  }
  attacker_.emplace(
      &world_,
      world_.AddHost({.name = "stranger", .addresses = AddressesOf(++number)}),
      &prng_);
  twin_.host =
      world_.AddHost({.name = "twin", .addresses = AddressesOf(++number)});
  twin_.host->Crash();
  outsider_.name = "outsider";
  outsider_.host =
      world_.AddHost({.name = "outsider", .addresses = AddressesOf(++number)});
  outsider_.host->Crash();
}

net::IpPrefix Stage::NextAddress() {
  constexpr int kFirstLease = 40'000;
  return AddressesOf(kFirstLease + leases_++)[0];
}

void Stage::StartAll() {
  for (auto& node : nodes_) Start(*node);
}

std::string Stage::SecretOf(const Node& node) const {
  if (&node == &outsider_) return kOutsiderSecret;
  return node.other_key > 0 ? kOtherSecret : kSecret;
}

bool Stage::ShareKey(const Node& a, const Node& b) const {
  return SecretOf(a) == SecretOf(b);
}

std::vector<net::Endpoint> Stage::JoinListOf(const Node& node) const {
  std::vector<net::Endpoint> list;
  if (scenario_.defect == Defect::kNobodyToJoin) return list;
  for (const auto& other : nodes_) {
    if (other->host == node.host) continue;
    // A few are enough to find all; a small cluster lists all.
    if (list.size() < kJoinListMax) list.push_back(other->host->endpoint());
  }
  return list;
}

void Stage::Start(Node& node) {
  node.PowerOn();
  AgentOptions options = OptionsOf(scenario_);
  options.node = node.name;
  options.advertise = {{}, node.host->endpoint().port};  // As bound to 0.0.0.0.
  node.join = JoinListOf(node);
  options.join.assign(node.join.begin(), node.join.end());
  options.keyring = RingOf(SecretOf(node), scenario_.defect);
  const bool is_first = &node == nodes_[0].get();
  if (scenario_.defect == Defect::kOtherPolicy && is_first) {
    options.election_policy = OtherThan(scenario_.policy);
  }
  node.world = std::make_unique<AlteredWorld>(
      node.host->environment(), WhichNode{node.name, options.keyring},
      scenario_.defect);
  NoteAwake(node);
  attacker_->OnStart(*node.host);
  node.told_more = false;
  node.Start(options, node.world->environment());
  ReadManifests(node);
  if (node.drained > 0) node.agent->Drain().IgnoreError();
  touched_ = world_.loop().Now();
}

void Stage::Stop(Node& node, bool power_lost) {
  power_lost ? node.Crash() : node.Kill();
  node.world.reset();  // After the agent that runs in it.
}

// A pool that covers the nodes' first IPv4 addresses, and has no other. All are
// in all join lists, so that also a node that has lost its disk knows them.
std::string Stage::HostsPoolText() const {
  if (nodes_.size() > kJoinListMax) return "";
  if (scenario_.defect == Defect::kNobodyToJoin) return "";
  return PoolManifest(
      "hosts",
      fmt::format(
          "{}-{}", AddressesOf(kFirstNode)[0].address.ToString(),
          AddressesOf(kFirstNode + scenario_.nodes - 1)[0].address.ToString()));
}

std::string Stage::ManifestsOf(const Node& node) const {
  std::string text = kAdvertisement;
  if (&node == &outsider_) return text + OutsidersManifests();
  text += HostsPoolText();
  text += services_.Manifests();
  if (node.broken > 0) text += kBroken;
  return text;
}

void Stage::ReadManifests(Node& node) {
  node.manifests = ManifestsOf(node);
  node.SimNode::ReadManifests(parsed_);
  touched_ = world_.loop().Now();
}

void Stage::SpreadManifests() {
  for (auto& node : nodes_) {
    const bool is_first = node == nodes_[0];
    if (scenario_.defect == Defect::kLostManifests && is_first) continue;
    world_.loop().ScheduleAt(
        world_.loop().Now() + prng_.UniformDuration(kSpread),
        [this, at = node.get()] {
          if (at->running() && at->stale == 0) ReadManifests(*at);
        });
  }
}

void Stage::ReadManifestsAgain() {
  for (auto& node : nodes_) {
    if (node->running() && node->manifests == ManifestsOf(*node)) {
      ReadManifests(*node);
    }
  }
}

bool Stage::Connected(const Node& a, const Node& b) {
  const io::SimPaths& paths = world_.segment().paths();
  return a.unplugged == 0 && b.unplugged == 0 && a.host->powered() &&
         b.host->powered() &&
         !paths.IsBlocked(a.host->number(), b.host->number()) &&
         !paths.IsBlocked(b.host->number(), a.host->number());
}

bool Stage::Reaches(const Node& from, const Node& to) {
  return from.unplugged == 0 && to.unplugged == 0 && from.host->powered() &&
         to.host->powered() && ShareKey(from, to) &&
         !world_.network().paths().IsBlocked(from.host->number(),
                                             to.host->number());
}

bool Stage::CanAnnounceAll() const {
  bool is_some_unable = false;
  bool is_some_able = false;  // And is not being emptied.
  for (const auto& node : nodes_) {
    if (!node->acts() && node->told_more) return false;
    if (!node->acts()) continue;
    is_some_unable |= node->without_ipv6 > 0;
    is_some_able |= node->without_ipv6 == 0 && node->drained == 0;
  }
  return is_some_able || !is_some_unable;
}

bool Stage::Delivers(const net::MacAddress& mac, const net::IpAddress& vip) {
  for (const auto& node : nodes_) {
    if (node->host->mac() == mac) return node->Accepts(vip);
  }
  return false;
}

}  // namespace lb::chaos
