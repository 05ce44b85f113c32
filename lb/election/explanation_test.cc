#include "lb/election/explanation.h"

#include <string>

#include "gtest/gtest.h"
#include "lb/election/testing/explanation_text.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

// For 192.168.1.240 the digests order these: node-a, node-c, node-b.
Vip TestVip() {
  return {.address = *net::ParseIpAddress("192.168.1.240"), .pool = "first"};
}

Cluster ThreeNodes() {
  Cluster cluster;
  cluster.members = {"node-a", "node-b", "node-c"};
  for (const std::string& name : cluster.members) {
    cluster.nodes[name] = NodeKnownByName(name);
  }
  cluster.advertisements = {{.name = "all"}};
  return cluster;
}

struct ExplainCase {
  void (*arrange)(Cluster* cluster, Vip* vip);
  std::string text;
};

const ExplainCase kCases[] = {
    {[](Cluster* cluster, Vip*) {
       cluster->advertisements[0].interfaces = {"eth1", "eth0"};
     },
     "192.168.1.240 compat holder=- winner=node-a [eth0 eth1]: node-a ranks "
     "first of 3: it has the lowest digest\n"
     "1 node-a announcer score=0 0905ce28\n"
     "2 node-c notOwner score=0 a6530f9d\n"
     "3 node-b notOwner score=0 c5db6995\n"},
    {[](Cluster* cluster, Vip*) {
       cluster->advertisements[0].preferred_nodes = {
           {7, {{{std::string(kHostnameLabel), "node-b"}}, {}}}};
       cluster->nodes["node-c"].network_unavailable = true;
     },
     "192.168.1.240 compat holder=- winner=node-b []: node-b ranks first of 2: "
     "it has the highest score\n"
     "1 node-b announcer score=7 c5db6995\n"
     "2 node-a notOwner score=0 0905ce28\n"
     "0 node-c nodeNetworkUnavailable score=0 a6530f9d\n"},
    {[](Cluster* cluster, Vip*) {
       cluster->members = {"node-c"};
       cluster->nodes["node-c"].draining = true;
     },
     "192.168.1.240 compat holder=- winner=node-c []: node-c is the only "
     "candidate\n"
     "1 node-c announcer score=0 a6530f9d\n"
     "0 node-a notMember score=0 0905ce28\n"
     "0 node-b notMember score=0 c5db6995\n"},
    {[](Cluster* cluster, Vip*) { cluster->advertisements.clear(); },
     "192.168.1.240 compat holder=- winner=- []: no node is a candidate\n"
     "0 node-a noMatchingAdvertisement score=0 0905ce28\n"
     "0 node-b noMatchingAdvertisement score=0 c5db6995\n"
     "0 node-c noMatchingAdvertisement score=0 a6530f9d\n"},
    {[](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       vip->holder = "node-b";
     },
     "192.168.1.240 sticky holder=node-b winner=node-b []: node-b holds it and "
     "is a candidate\n"
     "1 node-a notOwner score=0 0905ce28\n"
     "2 node-c notOwner score=0 a6530f9d\n"
     "3 node-b announcer score=0 c5db6995\n"},
    {[](Cluster* cluster, Vip* vip) {
       cluster->default_policy = Policy::kSticky;
       cluster->nodes["node-b"].draining = true;
       vip->holder = "node-b";
     },
     "192.168.1.240 sticky holder=node-b winner=node-a []: its holder node-b "
     "is nodeDraining; node-a ranks first of 2: it has the lowest digest\n"
     "1 node-a announcer score=0 0905ce28\n"
     "2 node-c notOwner score=0 a6530f9d\n"
     "0 node-b nodeDraining score=0 c5db6995\n"},
    {[](Cluster* cluster, Vip*) {
       cluster->default_policy = Policy::kSticky;
       cluster->nodes["node-a"].holding_down = true;
       cluster->nodes["node-c"].holding_down = true;
     },
     "192.168.1.240 sticky holder=- winner=node-b []: nobody holds it; node-b "
     "ranks first of 3: others hold down\n"
     "1 node-b announcer score=0 c5db6995\n"
     "2 node-a notOwner score=0 0905ce28\n"
     "3 node-c notOwner score=0 a6530f9d\n"},
};

TEST(ExplainTest, NamesEveryNodeAndWhyTheWinnerWins) {
  for (const ExplainCase& c : kCases) {
    Cluster cluster = ThreeNodes();
    Vip vip = TestVip();
    c.arrange(&cluster, &vip);
    EXPECT_EQ(ToText(Explain(cluster, vip)), c.text);
  }
}

struct BalancedCase {
  std::string holder;  // Empty: none.
  std::string winner;
  Load load;
  std::string reason;
};

TEST(ExplainBalancedTest, SaysWhatTheShareHasToDoWithIt) {
  const BalancedCase cases[] = {
      {"node-b",
       "node-b",
       {4, 5},
       "node-b holds it and announces 4 of at most "
       "5"},
      {"",
       "node-a",
       {1, 5},
       "nobody holds it; node-a is the first of 3 that "
       "has room, 1 of at most 5"},
      {"node-z",
       "node-c",
       {5, 5},
       "its holder node-z is notMember; node-c is "
       "the first of 3 that has room, 5 of at "
       "most 5"},
      {"node-a",
       "node-c",
       {5, 5},
       "its holder node-a has its share; node-c is "
       "the first of 3 that has room, 5 of at "
       "most 5"},
      {"",
       "node-c",
       {6, 5},
       "nobody holds it; no candidate has room: node-c, "
       "the least loaded, announces 6 of at most 5"},
  };
  for (const BalancedCase& c : cases) {
    Cluster cluster = ThreeNodes();
    cluster.default_policy = Policy::kBalanced;
    Vip vip = TestVip();
    if (!c.holder.empty()) vip.holder = c.holder;
    const Explanation explanation =
        ExplainBalanced(cluster, vip, c.winner, c.load);
    EXPECT_EQ(explanation.reason, c.reason);
    EXPECT_EQ(explanation.winner, c.winner);
    for (const NodeExplanation& node : explanation.nodes) {
      EXPECT_EQ(node.verdict, node.node == c.winner ? NodeVerdict::kAnnouncer
                                                    : NodeVerdict::kNotOwner);
    }
  }
}

}  // namespace
}  // namespace lb::election
