#include "tests/sim/chaos/bgp/stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/base/check.h"
#include "tests/sim/chaos/path_faults.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kSpread = absl::Seconds(1);
constexpr int kFirstNode = 201;
constexpr int kFirstRouter = 1;
constexpr size_t kJoinListMax = 5;

std::vector<net::IpPrefix> AddressesOf(int number) {
  return {*net::ParseIpPrefix(
              fmt::format("172.20.{}.{}/16", number / 200, 1 + number % 200)),
          *net::ParseIpPrefix(fmt::format("fd00:20::1:{:x}/64", number + 1)),
          *net::ParseIpPrefix(fmt::format("fe80::{:x}/64", number + 1))};
}

}  // namespace

BgpStage::BgpStage(const Scenario& scenario)
    : scenario_(scenario),
      terms_(BgpTermsOf(scenario)),
      world_(scenario.seed),
      prng_(world_.Fork("stage")),
      objects_(scenario, terms_) {
  AddHosts();
}

BgpStage::~BgpStage() {
  world_.loop().SetAfterEvent({});
  for (auto& node : nodes_) {
    if (node->running()) Kill(*node, /*power_lost=*/true);
  }
}

// Path faults want the nodes to be the first hosts.
void BgpStage::AddHosts() {
  for (int i = 1; i <= scenario_.nodes; ++i) {
    auto node = std::make_unique<BgpNode>();
    node->name = fmt::format("n{}", i);
    node->number = i;
    node->host = world_.AddHost(
        {.name = node->name, .addresses = AddressesOf(kFirstNode - 1 + i)});
    nodes_.push_back(std::move(node));
  }
  for (int i = 0; i < kRouters; ++i) {
    routers_.push_back(std::make_unique<Router>(
        world_.AddHost({.name = fmt::format("r{}", i + 1),
                        .addresses = AddressesOf(kFirstRouter + i)}),
        terms_.routers[i], scenario_.nodes,
        [this](const net::IpAddress& address) { return NodeAt(address); }));
  }
}

void BgpStage::StartAll() {
  for (auto& router : routers_) router->Start();
  FollowAddresses();
  for (auto& node : nodes_) Start(*node);
}

std::optional<int> BgpStage::NodeAt(const net::IpAddress& address) const {
  for (const auto& node : nodes_) {
    if (Ipv4Of(*node) == address || Ipv6Of(*node) == address) {
      return node->number;
    }
  }
  return std::nullopt;
}

net::IpAddress BgpStage::Ipv4Of(const BgpNode& node) const {
  return node.host->address();
}

net::IpAddress BgpStage::Ipv6Of(const BgpNode& node) const {
  return AddressesOf(kFirstNode - 1 + node.number)[1].address;
}

void BgpStage::FollowAddresses() {
  for (auto& router : routers_) {
    std::vector<net::IpAddress> addresses;
    for (const auto& node : nodes_) {
      addresses.push_back(router->terms().over_ipv6 ? Ipv6Of(*node)
                                                    : Ipv4Of(*node));
    }
    router->SetBfdWith(addresses);
  }
}

void BgpStage::Start(BgpNode& node) {
  const bool has_booted = !node.host->powered();
  if (has_booted) ++node.boots;
  node.PowerOn();
  AgentOptions options;
  options.node = node.name;
  options.gossip = gossip::FastProfile();
  options.delivery = Delivery::kLoopback;
  options.election_policy = scenario_.policy;
  options.hold_down = absl::Seconds(5);
  options.advertise = {{}, node.host->endpoint().port};  // As bound to 0.0.0.0.
  options.boot_id = fmt::format("boot {}", node.boots);
  if (scenario_.defect == Defect::kEndlessDrain) {
    options.drain_wait = absl::Hours(1);
  }
  for (const auto& other : nodes_) {
    if (other == nodes_[node.number - 1]) continue;
    if (options.join.size() == kJoinListMax) break;
    const net::Endpoint at = other->host->endpoint();
    options.join.push_back(at);
  }
  node.world = std::make_unique<AlteredWorld>(
      node.host->environment(), WhichNode{.name = node.name},
      scenario_.defect == Defect::kUntoldLoss ? scenario_.defect
                                              : Defect::kNone);
  node.peering = std::make_unique<AlteredPeering>(
      node.world->environment(), &world_.loop(), has_booted, scenario_.defect);
  node.may_claim = node.promised_in == node.boots + 1;
  node.must_claim = node.surely_promised_in == node.boots + 1;
  node.leaves = false;
  node.ready_at = absl::InfiniteFuture();
  ++node.runs;
  node.SimNode::Start(options, node.peering->environment());
  for (int router = 0; router < kRouters; ++router) {
    Disturb(node, router);
    if (node.to[router].slow > 0) {
      node.peering->SetSlow(routers_[router]->address(), 0);
    }
  }
  Read(node);
  if (node.drained > 0) node.agent->Drain().IgnoreError();
}

void BgpStage::Kill(BgpNode& node, bool power_lost) {
  power_lost ? node.Crash() : node.SimNode::Kill();
  node.peering.reset();
  node.world.reset();  // After the agent that runs in it.
  node.paused = 0;
  ++node.stopping;
}

void BgpStage::Stop(BgpNode& node) {
  const int stop = ++node.stopping;
  node.leaves = true;
  node.agent->Leave([this, &node, stop] {
    world_.loop().Post([this, &node, stop] {
      if (node.stopping == stop && node.running()) Kill(node, false);
    });
  });
}

void BgpStage::Read(BgpNode& node) {
  auto objects = std::make_shared<const BgpObjects>(objects_);
  for (int router = 0; router < kRouters; ++router) {
    const bool is_same = node.objects != nullptr &&
                         node.objects->SessionOf(node.number, router) ==
                             objects->SessionOf(node.number, router);
    if (!is_same) Disturb(node, router);
  }
  node.objects = std::move(objects);
  ++node.readings;
  const int timer =
      scenario_.defect == Defect::kRestlessTimers ? node.readings % 2 : 0;
  node.manifests = objects_.Manifests(timer);
  node.ReadManifests(parsed_);
}

void BgpStage::Spread() {
  for (auto& node : nodes_) {
    world_.loop().ScheduleAt(Now() + prng_.UniformDuration(kSpread),
                             [this, at = node.get()] {
                               if (at->running()) Read(*at);
                             });
  }
}

void BgpStage::ReadAgain() {
  for (auto& node : nodes_) {
    if (node->running()) Read(*node);
  }
}

bool BgpStage::IsOpen(const BgpNode& node, int router) {
  const auto is_noticed = [&](bool is_paused, absl::Time since) {
    return is_paused && Now() - since > kUnnoticed;
  };
  if (!node.running() || node.leaves ||
      node.ready_at == absl::InfiniteFuture() ||
      is_noticed(node.paused > 0, node.paused_at)) {
    return false;
  }
  if (!routers_[router]->running() ||
      is_noticed(routers_paused_[router] > 0, paused_at_[router])) {
    return false;
  }
  return IsWhole(node, router);
}

bool BgpStage::IsWhole(const BgpNode& node, int router) const {
  const bool is_bad =
      std::any_of(active_.begin(), active_.end(), [](const Fault& fault) {
        return fault.kind == FaultKind::kLoss ||
               fault.kind == FaultKind::kDelay ||
               fault.kind == FaultKind::kDuplicate;
      });
  return !is_bad && !IsCut(node, router) && node.to[router].slow == 0;
}

bool BgpStage::IsMute(int router, const BgpNode& node) {
  return !routers_[router]->acts() || node.unplugged > 0 ||
         node.to[router].cut > 0;
}

bool BgpStage::IsMute(const BgpNode& node, int router) {
  return !node.acts() || node.unplugged > 0 || node.to[router].cut > 0 ||
         node.to[router].deaf > 0;
}

void BgpStage::ApplyPaths() {
  std::vector<io::SimHost*> hosts;
  for (const auto& node : nodes_) hosts.push_back(node->host);
  ApplyPathFaults(active_, hosts, &world_);
  io::SimPaths& paths = world_.network().paths();
  for (const auto& node : nodes_) {
    for (int router = 0; router < kRouters; ++router) {
      const Peering& way = node->to[router];
      const io::SimHost& host = routers_[router]->host();
      if (way.cut > 0 || way.deaf > 0) paths.Block(*node->host, host);
      if (way.cut > 0) paths.Block(host, *node->host);
    }
  }
}

}  // namespace lb::chaos
