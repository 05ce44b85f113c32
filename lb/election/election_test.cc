#include "lb/election/election.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LabelSelector With(std::string key, std::string value) {
  return {{{std::move(key), std::move(value)}}, {}};
}

// For 192.168.1.240 the digests order these: node-a, node-c, node-b.
Vip TestVip() {
  return {.address = *net::ParseIpAddress("192.168.1.240"), .pool = "first"};
}

// Interfaces that can do both ARP and NDP.
InterfaceAbilities Both(const std::vector<std::string>& names) {
  InterfaceAbilities abilities;
  for (const std::string& name : names) {
    abilities.by_name[name] = {.ipv4 = true, .ipv6 = true};
  }
  return abilities;
}

Cluster ThreeNodes() {
  Cluster cluster;
  for (const std::string name : {"node-a", "node-b", "node-c"}) {
    cluster.members.push_back(name);
    cluster.nodes[name] = {
        .name = name,
        .labels = {{std::string(kHostnameLabel), name},
                   {"zone", name == "node-b" ? "east" : "west"}}};
  }
  cluster.advertisements = {{.name = "all"}};
  return cluster;
}

// "node-a=announcer node-b=notOwner"
std::string Standings(const Decision& decision) {
  return absl::StrJoin(decision.standings, " ",
                       [](std::string* out, const NodeStanding& standing) {
                         absl::StrAppend(
                             out, standing.node, "=",
                             std::string(ToString(standing.verdict)));
                       });
}

std::vector<std::string> RankedNames(const Decision& decision) {
  std::vector<std::string> names;
  for (const RankedNode& node : decision.ranked) names.push_back(node.node);
  return names;
}

TEST(ElectTest, RanksAllMembersWhenNothingExcludesThem) {
  const Decision decision = Elect(ThreeNodes(), TestVip());
  EXPECT_EQ(decision.winner, "node-a");
  EXPECT_THAT(RankedNames(decision), ElementsAre("node-a", "node-c", "node-b"));
  EXPECT_EQ(Standings(decision),
            "node-a=announcer node-b=notOwner node-c=notOwner");
  EXPECT_THAT(decision.interfaces, IsEmpty());
}

TEST(ElectTest, NobodyWinsAmongNobody) {
  Cluster cluster;
  cluster.advertisements = {{.name = "all"}};
  EXPECT_EQ(Elect(cluster, TestVip()), Decision{});
}

struct RuleCase {
  std::string rule;
  void (*arrange)(Cluster* cluster, Vip* vip);
  std::string standings;
};

const RuleCase kRules[] = {
    {"no advertisement",
     [](Cluster* cluster, Vip*) { cluster->advertisements.clear(); },
     "node-a=noMatchingAdvertisement node-b=noMatchingAdvertisement "
     "node-c=noMatchingAdvertisement"},
    {"advertisement of another pool",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements = {{.name = "x", .pools = {"second"}}};
     },
     "node-a=noMatchingAdvertisement node-b=noMatchingAdvertisement "
     "node-c=noMatchingAdvertisement"},
    {"advertisement that names the pool",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements = {{.name = "x", .pools = {"zero", "first"}}};
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"pool selector matches, pool name does not",
     [](Cluster* cluster, Vip* vip) {
       vip->pool_labels = {{"net", "dmz"}};
       cluster->advertisements = {{.name = "x",
                                   .pools = {"second"},
                                   .pool_selectors = {With("net", "dmz")}}};
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"node selectors are a union",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements = {
           {.name = "x", .node_selectors = {With("zone", "east")}},
           {.name = "y",
            .node_selectors = {With("kubernetes.io/hostname", "node-c")}}};
     },
     "node-a=noMatchingAdvertisement node-b=notOwner node-c=announcer"},
    {"service selector does not match",
     [](Cluster* cluster, Vip* vip) {
       vip->traffic.labels = {{"app", "web"}};
       cluster->advertisements = {
           {.name = "x", .service_selectors = {With("app", "db")}}};
     },
     "node-a=noMatchingAdvertisement node-b=noMatchingAdvertisement "
     "node-c=noMatchingAdvertisement"},
    {"service selector matches",
     [](Cluster* cluster, Vip* vip) {
       vip->traffic.labels = {{"app", "web"}};
       cluster->advertisements = {
           {.name = "x", .service_selectors = {With("app", "web")}}};
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"shared address with a service selector",
     [](Cluster* cluster, Vip* vip) {
       vip->traffic.labels = {{"app", "web"}};
       vip->traffic.has_sharing_key = true;
       cluster->advertisements = {
           {.name = "x", .service_selectors = {With("app", "web")}},
           {.name = "y"}};
     },
     "node-a=sharedIPWithServiceSelector node-b=sharedIPWithServiceSelector "
     "node-c=sharedIPWithServiceSelector"},
    {"shared address, the selector is another service's",
     [](Cluster* cluster, Vip* vip) {
       vip->traffic.has_sharing_key = true;
       cluster->advertisements = {
           {.name = "x", .service_selectors = {With("app", "web")}},
           {.name = "y"}};
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"no endpoint",
     [](Cluster*, Vip* vip) { vip->traffic.endpoints.emplace(); },
     "node-a=noEndpoints node-b=noEndpoints node-c=noEndpoints"},
    {"no usable endpoint",
     [](Cluster*, Vip* vip) {
       vip->traffic.endpoints = {{"node-a", false, std::nullopt},
                                 {"node-b", false, false}};
     },
     "node-a=noEndpoints node-b=noEndpoints node-c=noEndpoints"},
    {"policy Cluster, one usable endpoint on no known node",
     [](Cluster*, Vip* vip) { vip->traffic.endpoints = {{""}}; },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"policy Local, terminating but serving on b, not ready on a",
     [](Cluster*, Vip* vip) {
       vip->traffic.external_traffic_policy = TrafficPolicy::kLocal;
       vip->traffic.endpoints = {{"node-a", false, false},
                                 {"node-b", false, true}};
     },
     "node-a=noLocalEndpoints node-b=announcer node-c=noLocalEndpoints"},
    {"policy Local, no EndpointSlice known",
     [](Cluster*, Vip* vip) {
       vip->traffic.external_traffic_policy = TrafficPolicy::kLocal;
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"network unavailable",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].network_unavailable = true;
     },
     "node-a=nodeNetworkUnavailable node-b=notOwner node-c=announcer"},
    {"exclude label",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].labels[std::string(kExcludeLabel)] = "";
     },
     "node-a=nodeLabeledExcludeBalancers node-b=notOwner node-c=announcer"},
    {"exclude label ignored",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].labels[std::string(kExcludeLabel)] = "";
       cluster->ignore_exclude_label = true;
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"not a member",
     [](Cluster* cluster, Vip*) { cluster->members = {"node-b"}; },
     "node-a=notMember node-b=announcer node-c=notMember"},
    {"draining",
     [](Cluster* cluster, Vip*) { cluster->nodes["node-a"].draining = true; },
     "node-a=nodeDraining node-b=notOwner node-c=announcer"},
    {"silent",
     [](Cluster* cluster, Vip*) { cluster->nodes["node-a"].silent = true; },
     "node-a=nodeSilent node-b=notOwner node-c=announcer"},
    {"one drains, one is silent, and the third is no candidate",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].silent = true;
       cluster->nodes["node-b"].draining = true;
       cluster->nodes["node-c"].network_unavailable = true;
     },
     "node-a=announcer node-b=notOwner node-c=nodeNetworkUnavailable"},
    {"all but one drain, and that one is no candidate",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].draining = true;
       cluster->nodes["node-b"].draining = true;
       cluster->nodes["node-c"].network_unavailable = true;
     },
     "node-a=announcer node-b=notOwner node-c=nodeNetworkUnavailable"},
    {"policy Local: the only node with an endpoint drains",
     [](Cluster* cluster, Vip* vip) {
       vip->traffic.external_traffic_policy = TrafficPolicy::kLocal;
       vip->traffic.endpoints = {{"node-b"}};
       cluster->nodes["node-b"].draining = true;
     },
     "node-a=noLocalEndpoints node-b=announcer node-c=noLocalEndpoints"},
    {"no interface at all is usable",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].usable_interfaces.emplace();
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"any usable interface will do",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].usable_interfaces = Both({"eth7"});
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"none of the listed interfaces is usable on a; one is on c",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements = {{.name = "x", .interfaces = {"eth0"}},
                                  {.name = "y", .interfaces = {"eth1"}}};
       cluster->nodes["node-a"].usable_interfaces = Both({"eth2", "eth3"});
       cluster->nodes["node-c"].usable_interfaces = Both({"eth1", "eth2"});
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"only advertisements that reach the node list its interfaces",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements = {{.name = "x",
                                   .node_selectors = {With("zone", "west")},
                                   .interfaces = {"eth0"}},
                                  {.name = "y",
                                   .node_selectors = {With("zone", "east")},
                                   .interfaces = {"eth1"}}};
       cluster->nodes["node-a"].usable_interfaces = Both({"eth1"});
       cluster->nodes["node-b"].usable_interfaces = Both({"eth1"});
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"compat ignores who holds the address and who holds down",
     [](Cluster* cluster, Vip* vip) {
       vip->holder = "node-b";
       cluster->nodes["node-a"].holding_down = true;
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"sticky: the holder keeps the address",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       vip->holder = "node-b";
     },
     "node-a=notOwner node-b=announcer node-c=notOwner"},
    {"sticky: the holder keeps it against a higher score",
     [](Cluster* cluster, Vip* vip) {
       cluster->advertisements[0].policy = Policy::kSticky;
       cluster->advertisements[0].preferred_nodes = {{9, With("zone", "west")}};
       vip->holder = "node-b";
     },
     "node-a=notOwner node-b=announcer node-c=notOwner"},
    {"sticky: a holder that holds down keeps it, too",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       cluster->nodes["node-b"].holding_down = true;
       vip->holder = "node-b";
     },
     "node-a=notOwner node-b=announcer node-c=notOwner"},
    {"sticky: the holder drains",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       cluster->nodes["node-b"].draining = true;
       vip->holder = "node-b";
     },
     "node-a=announcer node-b=nodeDraining node-c=notOwner"},
    {"sticky: the holder is no member",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       cluster->members = {"node-b", "node-c"};
       vip->holder = "node-a";
     },
     "node-a=notMember node-b=notOwner node-c=announcer"},
    {"sticky: a holder that nobody knows",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       vip->holder = "node-z";
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"sticky: without a holder, one that holds down comes last",
     [](Cluster* cluster, Vip*) {
       cluster->default_policy = Policy::kSticky;
       cluster->nodes["node-a"].holding_down = true;
     },
     "node-a=notOwner node-b=notOwner node-c=announcer"},
    {"sticky: all hold down",
     [](Cluster* cluster, Vip*) {
       cluster->default_policy = Policy::kSticky;
       for (auto& [name, node] : cluster->nodes) node.holding_down = true;
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"a member without a Node object is known by its host name",
     [](Cluster* cluster, Vip*) {
       cluster->nodes.clear();
       cluster->advertisements = {
           {.name = "x",
            .node_selectors = {With("kubernetes.io/hostname", "node-b")}}};
     },
     "node-a=noMatchingAdvertisement node-b=announcer "
     "node-c=noMatchingAdvertisement"},
};

TEST(ElectTest, AppliesEachRule) {
  for (const RuleCase& c : kRules) {
    SCOPED_TRACE(c.rule);
    Cluster cluster = ThreeNodes();
    Vip vip = TestVip();
    c.arrange(&cluster, &vip);
    EXPECT_EQ(Standings(Elect(cluster, vip)), c.standings);
  }
}

struct PolicyCase {
  std::string rule;
  std::vector<L2Advertisement> advertisements;
  Policy policy;
};

TEST(ElectTest, TheFirstAdvertisementByNameThatHasAPolicyDecides) {
  const PolicyCase cases[] = {
      {"none has one: the default", {{.name = "x"}}, Policy::kBalanced},
      {"none matches: the default",
       {{.name = "x", .pools = {"other"}, .policy = Policy::kSticky}},
       Policy::kBalanced},
      {"by name, whatever the order",
       {{.name = "y", .policy = Policy::kSticky},
        {.name = "x", .policy = Policy::kCompat}},
       Policy::kCompat},
      {"those that have none are passed over",
       {{.name = "w"}, {.name = "y", .policy = Policy::kSticky}},
       Policy::kSticky},
      {"those that do not match are passed over",
       {{.name = "w", .pools = {"other"}, .policy = Policy::kCompat},
        {.name = "y", .policy = Policy::kSticky}},
       Policy::kSticky},
      {"also one that reaches no node",
       {{.name = "w",
         .node_selectors = {With("zone", "north")},
         .policy = Policy::kSticky},
        {.name = "y", .policy = Policy::kCompat}},
       Policy::kSticky},
  };
  for (const PolicyCase& c : cases) {
    SCOPED_TRACE(c.rule);
    Cluster cluster = ThreeNodes();
    cluster.default_policy = Policy::kBalanced;
    cluster.advertisements = c.advertisements;
    EXPECT_EQ(Elect(cluster, TestVip()).policy, c.policy);
  }
}

TEST(ElectTest, RankedIsWhoComesNextWhoeverHoldsTheAddress) {
  Cluster cluster = ThreeNodes();
  cluster.default_policy = Policy::kSticky;
  cluster.nodes["node-a"].holding_down = true;
  Vip vip = TestVip();
  vip.holder = "node-b";
  const Decision decision = Elect(cluster, vip);
  EXPECT_EQ(decision.winner, "node-b");
  EXPECT_THAT(RankedNames(decision), ElementsAre("node-c", "node-b", "node-a"));
}

TEST(ElectTest, ScoresAddUpOverAdvertisementsThatReachTheNode) {
  Cluster cluster = ThreeNodes();
  cluster.advertisements = {
      {.name = "x", .preferred_nodes = {{10, With("zone", "east")}, {5, {}}}},
      {.name = "y",
       .node_selectors = {With("zone", "west")},
       .preferred_nodes = {{3, {}}, {100, With("zone", "east")}}},
      {.name = "z", .pools = {"other"}, .preferred_nodes = {{50, {}}}}};
  const Decision decision = Elect(cluster, TestVip());
  EXPECT_THAT(RankedNames(decision), ElementsAre("node-b", "node-a", "node-c"));
  EXPECT_EQ(decision.ranked[0].score, 15);
  EXPECT_EQ(decision.ranked[1].score, 8);
  EXPECT_EQ(decision.ranked[2].score, 8);
}

TEST(ElectTest, InterfacesAreThoseOfAdvertisementsThatReachTheWinner) {
  Cluster cluster = ThreeNodes();
  cluster.advertisements = {
      {.name = "x", .interfaces = {"eth1", "eth0"}},
      {.name = "y",
       .node_selectors = {With("zone", "west")},
       .interfaces = {"eth1", "bond0"}},
      {.name = "z", .node_selectors = {With("zone", "east")}}};
  EXPECT_THAT(Elect(cluster, TestVip()).interfaces,
              ElementsAre("bond0", "eth0", "eth1"));
  cluster.members = {"node-b"};  // Reached by z, which names none.
  EXPECT_THAT(Elect(cluster, TestVip()).interfaces, IsEmpty());
}

TEST(ElectTest, OrderAndRepetitionOfInputsDoNotMatter) {
  Cluster cluster = ThreeNodes();
  cluster.advertisements = {
      {.name = "x", .interfaces = {"eth0"}},
      {.name = "y", .interfaces = {"eth1"}, .preferred_nodes = {{7, {}}}}};
  const Decision decision = Elect(cluster, TestVip());
  cluster.members = {"node-c", "node-a", "node-b", "node-a"};
  std::reverse(cluster.advertisements.begin(), cluster.advertisements.end());
  EXPECT_EQ(Elect(cluster, TestVip()), decision);
}

std::map<std::string, std::string> WinnersOf100(const Cluster& cluster) {
  std::map<std::string, std::string> winners;
  for (uint32_t i = 0; i < 100; ++i) {
    const net::IpAddress address = net::IpAddress::Ipv4(0x0a000000 + i);
    const Decision decision =
        Elect(cluster, {.address = address, .pool = "first"});
    winners[address.ToString()] = decision.winner.value_or("nobody");
  }
  return winners;
}

TEST(ElectTest, ANodeThatLeavesMovesOnlyItsOwnAddresses) {
  Cluster cluster;
  cluster.advertisements = {{.name = "all"}};
  for (int i = 0; i < 20; ++i) cluster.members.push_back(absl::StrCat("n", i));
  const auto before = WinnersOf100(cluster);
  for (size_t leaver = 0; leaver < cluster.members.size(); ++leaver) {
    Cluster without = cluster;
    without.members.erase(without.members.begin() + leaver);
    const auto after = WinnersOf100(without);
    for (const auto& [address, winner] : before) {
      if (winner == cluster.members[leaver]) {
        EXPECT_NE(after.at(address), winner) << address;
      } else {
        EXPECT_EQ(after.at(address), winner) << address;
      }
    }
  }
}

TEST(ElectTest, EveryNodeGetsAShare) {
  Cluster cluster;
  cluster.advertisements = {{.name = "all"}};
  cluster.members = {"n1", "n2", "n3", "n4", "n5"};
  std::map<std::string, int> load;
  for (const auto& [address, winner] : WinnersOf100(cluster)) ++load[winner];
  EXPECT_EQ(load.size(), 5u);
  for (const auto& [node, count] : load) {
    EXPECT_GE(count, 8) << node;
    EXPECT_LE(count, 36) << node;
  }
}

TEST(NodeVerdictTest, NamesAreDistinct) {
  std::map<std::string_view, int> names;
  for (int i = 0; i <= static_cast<int>(NodeVerdict::kNodeDraining); ++i) {
    ++names[ToString(static_cast<NodeVerdict>(i))];
  }
  EXPECT_EQ(names.size(), 11u);
}

}  // namespace
}  // namespace lb::election
