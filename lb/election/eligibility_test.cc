// Which nodes may announce, whatever any election makes of it.
#include "lb/election/eligibility.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/election/election.h"
#include "lb/election/testing/random_cluster.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

Vip TestVip() {
  return {.address = *net::ParseIpAddress("192.168.1.240"), .pool = "first"};
}

// "n1=eligible n2=notMember"
std::string Verdicts(const Eligibilities& nodes) {
  std::vector<std::string> verdicts;
  for (const auto& [name, eligibility] : nodes) {
    verdicts.push_back(
        fmt::format("{}={}", name, ToString(eligibility.verdict)));
  }
  return fmt::format("{}", fmt::join(verdicts, " "));
}

TEST(EligibilityTest, HasEveryNodeThatMayAnnounceAndWhyTheOthersMayNot) {
  Cluster cluster;
  cluster.members = {"n1", "n2", "n3", "n4"};
  cluster.advertisements = {{.name = "all", .interfaces = {"eth0"}}};
  cluster.nodes["n2"] = {.name = "n2", .draining = true};
  cluster.nodes["n3"] = {.name = "n3", .network_unavailable = true};
  cluster.nodes["n5"] = {.name = "n5"};
  const Eligibilities nodes = JudgeEligibility(cluster, TestVip());
  EXPECT_EQ(Verdicts(nodes),
            "n1=eligible n2=nodeDraining n3=nodeNetworkUnavailable n4=eligible "
            "n5=notMember");
  EXPECT_THAT(nodes.at("n4").interfaces, testing::ElementsAre("eth0"));
}

TEST(EligibilityTest, TheLastNodesStayEligibleWhileTheyDrain) {
  Cluster cluster;
  cluster.members = {"n1", "n2"};
  cluster.advertisements = {{.name = "all"}};
  cluster.nodes["n1"] = {.name = "n1", .draining = true};
  cluster.nodes["n2"] = {.name = "n2", .silent = true};
  EXPECT_EQ(Verdicts(JudgeEligibility(cluster, TestVip())),
            "n1=eligible n2=eligible");
}

// An election takes one of the eligible nodes, and none other; the reasons of
// the rest are eligibility's.
TEST(EligibilityTest, AnElectionChoosesAmongTheEligible) {
  RandomCluster random(Prng(3), 8);
  for (int i = 0; i < 2000; ++i) {
    Cluster cluster;
    cluster.members = random.Members();
    cluster.advertisements = random.Advertisements();
    const std::string attributed = random.Node();
    cluster.nodes[attributed] = random.Attributes(attributed);
    cluster.default_policy = random.AnyPolicy();
    const Vip vip = random.AnyVip();
    const Eligibilities nodes = JudgeEligibility(cluster, vip);
    const Decision decision = Elect(cluster, vip);
    size_t eligible = 0;
    for (const NodeStanding& standing : decision.standings) {
      const Eligibility& node = nodes.at(standing.node);
      eligible += node.is_eligible() ? 1 : 0;
      if (node.is_eligible()) {
        EXPECT_EQ(standing.verdict, standing.node == decision.winner
                                        ? NodeVerdict::kAnnouncer
                                        : NodeVerdict::kNotOwner);
      } else {
        EXPECT_EQ(standing.verdict, node.verdict);
      }
    }
    ASSERT_EQ(decision.standings.size(), nodes.size());
    ASSERT_EQ(decision.ranked.size(), eligible);
    ASSERT_EQ(decision.winner.has_value(), eligible > 0);
  }
}

}  // namespace
}  // namespace lb::election
