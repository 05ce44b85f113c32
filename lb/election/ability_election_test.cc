// Elections of nodes that cannot announce both families everywhere.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "lb/election/ability.h"
#include "lb/election/election.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr net::IpFamilies kArp = {.ipv4 = true};
constexpr net::IpFamilies kNdp = {.ipv6 = true};

// For 192.168.1.240 the digests order these: node-a, node-c, node-b.
Vip TestVip() {
  return {.address = *net::ParseIpAddress("192.168.1.240"), .pool = "first"};
}

// For fd00::f0 the digests order these: node-a, node-b, node-c.
net::IpAddress Ipv6Address() { return *net::ParseIpAddress("fd00::f0"); }

Cluster ThreeNodes() {
  Cluster cluster;
  cluster.members = {"node-a", "node-b", "node-c"};
  for (const std::string& name : cluster.members) {
    cluster.nodes[name] = NodeKnownByName(name);
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

struct RuleCase {
  std::string rule;
  void (*arrange)(Cluster* cluster, Vip* vip);
  std::string standings;
};

const RuleCase kRules[] = {
    {"an IPv6 address, and node-a has no NDP",
     [](Cluster* cluster, Vip* vip) {
       vip->address = Ipv6Address();
       cluster->nodes["node-a"].usable_interfaces = {{{"eth0", kArp}}};
     },
     "node-a=noUsableInterface node-b=announcer node-c=notOwner"},
    {"an IPv4 address, and node-a has no ARP",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].usable_interfaces = {{{"eth0", kNdp}}};
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"NDP is wanted on the interface that is named",
     [](Cluster* cluster, Vip* vip) {
       vip->address = Ipv6Address();
       cluster->advertisements[0].interfaces = {"eth0"};
       cluster->nodes["node-a"].usable_interfaces = {
           {{"eth0", kArp}, {"eth1", kNdp}}};
     },
     "node-a=noUsableInterface node-b=announcer node-c=notOwner"},
    {"an interface that did not fit into what node-a tells is not an ability",
     [](Cluster* cluster, Vip*) {
       cluster->advertisements[0].interfaces = {"eth7"};
       cluster->nodes["node-a"].usable_interfaces = {{{"eth0", kArp}}, false};
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"nothing that node-a has did fit",
     [](Cluster* cluster, Vip*) {
       cluster->nodes["node-a"].usable_interfaces = {{}, false};
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"two families: node-a has IPv4 only",
     [](Cluster* cluster, Vip* vip) {
       vip->dual_stack = true;
       cluster->nodes["node-a"].usable_interfaces = {{{"eth0", kArp}}};
     },
     "node-a=onlyOneFamily node-b=notOwner node-c=announcer"},
    {"two families: each on an interface of its own will do",
     [](Cluster* cluster, Vip* vip) {
       vip->dual_stack = true;
       cluster->nodes["node-a"].usable_interfaces = {
           {{"eth0", kArp}, {"eth1", kNdp}}};
     },
     "node-a=announcer node-b=notOwner node-c=notOwner"},
    {"two families: no node has both",
     [](Cluster* cluster, Vip* vip) {
       vip->dual_stack = true;
       cluster->nodes["node-a"].usable_interfaces = {{{"eth0", kNdp}}};
       cluster->nodes["node-b"].usable_interfaces = {{{"eth0", kArp}}};
       cluster->nodes["node-c"].usable_interfaces = {{{"eth0", kArp}}};
     },
     "node-a=noUsableInterface node-b=notOwner node-c=announcer"},
    {"two families: the node that has both drains",
     [](Cluster* cluster, Vip* vip) {
       vip->dual_stack = true;
       cluster->nodes["node-a"].draining = true;
       cluster->nodes["node-b"].usable_interfaces = {{{"eth0", kArp}}};
       cluster->nodes["node-c"].usable_interfaces = {{{"eth0", kArp}}};
     },
     "node-a=nodeDraining node-b=notOwner node-c=announcer"},
    {"sticky: a holder of one family keeps nothing against one that has both",
     [](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       vip->dual_stack = true;
       vip->holder = "node-b";
       cluster->nodes["node-b"].usable_interfaces = {{{"eth0", kArp}}};
     },
     "node-a=announcer node-b=onlyOneFamily node-c=notOwner"},
};

TEST(ElectByAbilityTest, AppliesEachRule) {
  for (const RuleCase& c : kRules) {
    SCOPED_TRACE(c.rule);
    Cluster cluster = ThreeNodes();
    Vip vip = TestVip();
    c.arrange(&cluster, &vip);
    EXPECT_EQ(Standings(Elect(cluster, vip)), c.standings);
  }
}

TEST(ElectByAbilityTest, TheStandingSaysWhatIsMissing) {
  Cluster cluster = ThreeNodes();
  cluster.advertisements[0].interfaces = {"eth7"};
  cluster.nodes["node-a"].usable_interfaces = {{{"eth0", kArp}}};
  const Decision decision = Elect(cluster, TestVip());
  EXPECT_EQ(decision.standings[0].lack, "wants ARP on eth7; it has eth0 (ARP)");
  EXPECT_EQ(decision.standings[1].lack, "");
}

}  // namespace
}  // namespace lb::election
