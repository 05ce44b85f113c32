#include "lb/election/testing/random_cluster.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lb/base/label_selector.h"
#include "lb/net/ip_address.h"

namespace lb::election {

std::optional<std::string> RandomCluster::Holder() {
  if (prng_.Chance(25)) return std::nullopt;
  return Node();
}

std::vector<std::string> RandomCluster::Members() {
  std::vector<std::string> members;
  for (size_t i = 0; i < nodes_max_; ++i) {
    if (prng_.Chance(70)) members.push_back("n" + std::to_string(i));
  }
  prng_.Shuffle(absl::MakeSpan(members));
  return members;
}

LabelSelector RandomCluster::Zone() {
  return {{{"zone", prng_.Chance(50) ? "east" : "west"}}, {}};
}

NodeAttributes RandomCluster::Attributes(const std::string& node) {
  NodeAttributes attributes = NodeKnownByName(node);
  if (prng_.Chance(70)) {
    attributes.labels["zone"] = prng_.Chance(50) ? "east" : "west";
  }
  if (prng_.Chance(10)) attributes.labels[std::string(kExcludeLabel)] = "";
  attributes.network_unavailable = prng_.Chance(10);
  attributes.draining = prng_.Chance(25);
  attributes.holding_down = prng_.Chance(25);
  if (prng_.Chance(50)) {
    attributes.usable_interfaces.emplace();
    attributes.usable_interfaces->complete = prng_.Chance(80);
    for (const char* const name : {"eth0", "eth1"}) {
      if (prng_.Chance(30)) continue;
      attributes.usable_interfaces->by_name[name] = {.ipv4 = prng_.Chance(80),
                                                     .ipv6 = prng_.Chance(60)};
    }
  }
  return attributes;
}

L2Advertisement RandomCluster::Advertisement(const std::string& name) {
  L2Advertisement advertisement = {.name = name};
  if (prng_.Chance(30)) advertisement.pools = {"p1"};
  if (prng_.Chance(20)) advertisement.pool_selectors = {Zone()};
  if (prng_.Chance(30)) advertisement.node_selectors = {Zone()};
  if (prng_.Chance(30)) advertisement.service_selectors = {Zone()};
  if (prng_.Chance(30)) advertisement.interfaces = {"eth0"};
  if (prng_.Chance(10)) advertisement.interfaces.push_back("eth1");
  if (prng_.Chance(30)) {
    advertisement.preferred_nodes.push_back(
        {static_cast<int>(1 + prng_.Uniform(3)), Zone()});
  }
  if (prng_.Chance(30)) advertisement.policy = AnyPolicy();
  return advertisement;
}

std::vector<L2Advertisement> RandomCluster::Advertisements() {
  std::vector<L2Advertisement> advertisements;
  for (const char* const name : {"a", "b", "c"}) {
    if (prng_.Chance(60)) advertisements.push_back(Advertisement(name));
  }
  prng_.Shuffle(absl::MakeSpan(advertisements));
  return advertisements;
}

Vip RandomCluster::AnyVip() {
  Vip vip = {.address = net::IpAddress::Ipv4(
                 0x0a000000 + static_cast<uint32_t>(prng_.Uniform(100))),
             .pool = prng_.Chance(50) ? "p1" : "p2"};
  if (prng_.Chance(30)) {
    vip.address =
        *net::ParseIpAddress("fd00::" + std::to_string(1 + prng_.Uniform(90)));
  }
  vip.dual_stack = prng_.Chance(30);
  if (prng_.Chance(50)) vip.pool_labels = {{"zone", "east"}};
  if (prng_.Chance(50)) vip.traffic.labels = {{"zone", "west"}};
  if (prng_.Chance(30)) {
    vip.traffic.external_traffic_policy = TrafficPolicy::kLocal;
  }
  if (prng_.Chance(50)) {
    vip.traffic.endpoints.emplace();
    while (prng_.Chance(70)) {
      vip.traffic.endpoints->push_back({Node(), prng_.Chance(70)});
    }
  }
  vip.traffic.has_sharing_key = prng_.Chance(20);
  vip.holder = Holder();
  return vip;
}

void Twin::SetMembers(std::vector<std::string> members) {
  table.SetMembers(members);
  cluster.members = std::move(members);
}

void Twin::PutNode(const NodeAttributes& node) {
  table.PutNode(node);
  cluster.nodes[node.name] = node;
}

void Twin::RemoveNode(const std::string& node) {
  table.RemoveNode(node);
  cluster.nodes.erase(node);
}

void Twin::SetAdvertisements(std::vector<L2Advertisement> advertisements) {
  table.SetAdvertisements(advertisements);
  cluster.advertisements = std::move(advertisements);
}

void Twin::SetDefaultPolicy(Policy policy) {
  table.SetDefaultPolicy(policy);
  cluster.default_policy = policy;
}

void Twin::SetIgnoreExcludeLabel(bool ignore) {
  table.SetIgnoreExcludeLabel(ignore);
  cluster.ignore_exclude_label = ignore;
}

void Twin::PutVip(const std::string& key, const Vip& vip) {
  table.PutVip(key, vip);
  vips[key] = vip;
}

void Twin::RemoveVip(const std::string& key) {
  table.RemoveVip(key);
  vips.erase(key);
}

void Twin::SetHolder(const std::string& key,
                     std::optional<std::string> holder) {
  table.SetHolder(key, holder);
  const auto vip = vips.find(key);
  if (vip != vips.end()) vip->second.holder = std::move(holder);
}

void Twin::ClaimAll() {
  table.Update();
  for (const auto& [key, announcers] : PlacementsOf(table, vips)) {
    if (!announcers.empty()) SetHolder(key, NodesText(announcers));
  }
}

void ChangeAny(RandomCluster& random, Twin& twin) {
  switch (random.prng().Uniform(12)) {
    case 0: {  // One joins or leaves.
      const std::string node = random.Node();
      std::vector<std::string> members = twin.cluster.members;
      if (std::erase(members, node) == 0) members.push_back(node);
      return twin.SetMembers(members);
    }
    case 1:
      if (random.prng().Chance(20)) return twin.SetMembers(random.Members());
      return;
    case 2:
    case 3:
      return twin.PutNode(random.Attributes(random.Node()));
    case 4:
      return twin.RemoveNode(random.Node());
    case 5:
      return twin.SetAdvertisements(random.Advertisements());
    case 6:
      return twin.SetDefaultPolicy(random.AnyPolicy());
    case 7:
      return twin.SetIgnoreExcludeLabel(random.prng().Chance(50));
    case 8:
      return twin.RemoveVip(random.Key());
    case 9:
      return twin.SetHolder(random.Key(), random.Holder());
    default:
      return twin.PutVip(random.Key(), random.AnyVip());
  }
}

namespace {

// What is given out by Policy::kBalanced, with names for numbers.
struct Open {
  std::string key;
  Vip vip;
  std::vector<RankedNode> ranked;
};

bool RanksHigher(const RankedNode& a, const RankedNode& b) {
  return a.score != b.score ? a.score > b.score : a.digest < b.digest;
}

const RankedNode* FindRanked(const Open& open, const std::string& node) {
  for (const RankedNode& ranked : open.ranked) {
    if (ranked.node == node) return &ranked;
  }
  return nullptr;
}

std::map<std::string, std::string> BalanceAll(const std::vector<Open>& all) {
  std::set<std::string> nodes;
  for (const Open& open : all) {
    for (const RankedNode& ranked : open.ranked) nodes.insert(ranked.node);
  }
  size_t share = 0;  // The least that is 1.25 x average or more.
  while (4 * share * nodes.size() < 5 * all.size()) ++share;
  std::map<std::string, std::string> winners;
  std::map<std::string, size_t> loads;
  // A node keeps the held ones that it ranks itself best for.
  for (const std::string& node : nodes) {
    std::vector<std::pair<RankedNode, std::string>> held;
    for (const Open& open : all) {
      const RankedNode* const ranked = FindRanked(open, node);
      if (open.vip.holder == node && ranked != nullptr) {
        held.push_back({*ranked, open.key});
      }
    }
    std::stable_sort(held.begin(), held.end(),
                     [](const auto& a, const auto& b) {
                       return RanksHigher(a.first, b.first);
                     });
    for (size_t i = 0; i < held.size() && i < share; ++i) {
      winners[held[i].second] = node;
      ++loads[node];
    }
  }
  for (const Open& open : all) {
    if (winners.contains(open.key)) continue;
    const RankedNode* chosen = &open.ranked.front();
    for (const RankedNode& ranked : open.ranked) {
      if (loads[chosen->node] < share) break;
      if (loads[ranked.node] < loads[chosen->node]) chosen = &ranked;
      if (loads[ranked.node] < share) chosen = &ranked;
    }
    winners[open.key] = chosen->node;
    ++loads[chosen->node];
  }
  return winners;
}

std::vector<std::string> InterfacesOf(Cluster cluster, Vip vip,
                                      const std::string& node) {
  cluster.default_policy = Policy::kSticky;
  for (L2Advertisement& advertisement : cluster.advertisements) {
    advertisement.policy.reset();
  }
  vip.holder = node;
  return Elect(cluster, vip).interfaces;
}

}  // namespace

std::map<std::string, Announcers> PlaceAll(
    const Cluster& cluster, const std::map<std::string, Vip>& vips) {
  std::map<std::string, Announcers> placements;
  std::vector<Open> open;
  for (const auto& [key, vip] : vips) {
    const Decision decision = Elect(cluster, vip);
    placements[key] = {};
    if (decision.winner.has_value()) {
      placements[key].push_back(
          {.node = *decision.winner, .interfaces = decision.interfaces});
    }
    if (decision.policy == Policy::kBalanced && decision.winner.has_value()) {
      open.push_back({key, vip, decision.ranked});
    }
  }
  for (const auto& [key, node] : BalanceAll(open)) {
    placements[key] = {
        {.node = node,
         .interfaces = InterfacesOf(cluster, vips.at(key), node)}};
  }
  return placements;
}

std::map<std::string, Announcers> PlacementsOf(
    const ElectionTable& table, const std::map<std::string, Vip>& vips) {
  std::map<std::string, Announcers> placements;
  for (const auto& [key, vip] : vips) placements[key] = *table.Find(key);
  return placements;
}

}  // namespace lb::election
