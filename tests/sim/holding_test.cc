// The holders of addresses over time: through partitions, releases, days of
// absence and cool-downs.
#include <algorithm>
#include <string>
#include <vector>

#include "daemon/problems/problems.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

int CountOf(const Agent& agent, ProblemKind kind) {
  const std::vector<Problem> problems = ListProblems(agent.View());
  return static_cast<int>(std::count_if(
      problems.begin(), problems.end(),
      [&](const Problem& problem) { return problem.kind == kind; }));
}

TEST(HoldingTest, AfterAPartitionTheEarlierClaimKeepsADisputedAddress) {
  Cluster cluster(/*seed=*/6, /*nodes=*/4);
  cluster.SetManifests(Basics());
  cluster.StartAll();
  cluster.RunFor(absl::Seconds(3));
  cluster.world().Partition({&cluster.host("n1"), &cluster.host("n2")},
                            {&cluster.host("n3"), &cluster.host("n4")});
  cluster.RunFor(absl::Seconds(5));
  for (const char* node : {"n3", "n4"}) {
    cluster.SetManifests(node, Basics() + ServiceManifest("early"));
  }
  cluster.RunFor(absl::Seconds(2));
  for (const char* node : {"n1", "n2"}) {
    cluster.SetManifests(node, Basics() + ServiceManifest("late"));
  }
  cluster.RunFor(absl::Seconds(2));
  ASSERT_EQ(cluster.AddressOf("n3", "early"), "172.18.8.201");
  ASSERT_EQ(cluster.AddressOf("n1", "late"), "172.18.8.201");

  cluster.SetManifests(Basics() + ServiceManifest("early") +
                       ServiceManifest("late"));
  cluster.world().Heal();
  cluster.RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunUntilAgreed(absl::Seconds(30))) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "early"), "172.18.8.201");
  EXPECT_EQ(cluster.AddressOf("n1", "late"), "172.18.8.202");
}

TEST(HoldingTest, AVanishedServicesAddressIsFreeAfterTheReleaseDelay) {
  Cluster cluster(/*seed=*/7, /*nodes=*/3);
  cluster.SetManifests(Basics() + ServiceManifest("old"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  // Gone for a moment, as when an editor saves: nothing happens to it, and no
  // other service gets its address.
  cluster.SetManifests(Basics() + ServiceManifest("new"));
  cluster.RunFor(ipam::ReplicatedAllocator::kReleaseDelay / 2);
  EXPECT_EQ(cluster.AddressOf("n1", "new"), "172.18.8.202");
  cluster.SetManifests(Basics() + ServiceManifest("new") +
                       ServiceManifest("old"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "old"), "172.18.8.201");
  // Gone for good.
  cluster.SetManifests(Basics() + ServiceManifest("new"));
  cluster.RunFor(ipam::ReplicatedAllocator::kReleaseDelay + absl::Seconds(2));
  cluster.SetManifests(Basics() + ServiceManifest("new") +
                       ServiceManifest("newer"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "newer"), "172.18.8.201");
  EXPECT_EQ(cluster.AddressOf("n1", "new"), "172.18.8.202");
}

// A chart's values file among the manifests, and a service that asks for an
// address that no pool has: neither may define a service that is gone.
TEST(HoldingTest, AFaultElsewhereHoldsNoAddressBack) {
  const std::string values =
      "---\nreplicaCount: 1\nservice:\n  type: LoadBalancer\n";
  const std::string basics =
      PoolManifest("small", "172.18.8.201-172.18.8.203") + kAdvertisement;
  Cluster cluster(/*seed=*/21, /*nodes=*/2);
  cluster.SetManifests(basics + values + ServiceManifest("a") +
                       ServiceManifest("b") + ServiceManifest("c"));
  cluster.StartAll();
  cluster.RunFor(kSettled);
  ASSERT_EQ(cluster.AddressOf("n1", "b"), "172.18.8.202") << cluster.Dump();

  cluster.SetManifests(basics + values + ServiceManifest("c") +
                       ServiceManifest("d") + ServiceManifest("e"));
  cluster.RunFor(kSettled);
  EXPECT_EQ(cluster.AddressOf("n2", "d"), "172.18.8.201") << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n2", "e"), "172.18.8.202");

  cluster.SetManifests(basics + ServiceManifest("c") +
                       ServiceManifest("impossible", "10.9.9.9") +
                       ServiceManifest("f"));
  cluster.RunFor(kSettled);
  EXPECT_EQ(cluster.AddressOf("n2", "f"), "172.18.8.201") << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n2", "impossible"), "");  // It is refused.
  EXPECT_TRUE(cluster.agent("n1").View().addresses.AbsentHolders().empty());
  EXPECT_EQ(CountOf(cluster.agent("n1"), ProblemKind::kHeldBack), 0);
}

// After a restart no node knows what the service asked for before its fault.
TEST(HoldingTest, WhatAFaultMayDefineIsKeptAndListed) {
  Cluster cluster(/*seed=*/22, /*nodes=*/1);
  cluster.SetManifests(Basics() + ServiceManifest("a") + ServiceManifest("b"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.Kill("n1");
  cluster.SetManifests(Basics() + ServiceManifest("a", "no-address"));
  cluster.Start("n1");
  cluster.RunFor(kSettled);
  const auto absent = cluster.agent("n1").View().addresses.AbsentHolders();
  ASSERT_EQ(absent.size(), 1u);  // The other one is released.
  EXPECT_EQ(absent[0].service, "default/a");
  EXPECT_TRUE(absent[0].held_back);
  ASSERT_EQ(CountOf(cluster.agent("n1"), ProblemKind::kHeldBack), 1);
  status::v1::ListPoolsRequest request;
  const auto pools = cluster.view("n1").ListPools(request);
  ASSERT_TRUE(pools.ok());
  ASSERT_EQ(pools->pools(0).absent_holders_size(), 1);
  EXPECT_EQ(pools->pools(0).absent_holders(0).service(), "default/a");
  EXPECT_EQ(pools->pools(0).absent_holders(0).addresses(0), "172.18.8.201");
  EXPECT_TRUE(pools->pools(0).absent_holders(0).held_back());

  cluster.SetManifests(Basics());
  cluster.RunFor(kSettled);
  EXPECT_TRUE(cluster.agent("n1").View().addresses.AbsentHolders().empty());
  EXPECT_EQ(CountOf(cluster.agent("n1"), ProblemKind::kHeldBack), 0);
}

// Releases are forgotten after a day. A node that slept longer still has the
// claim, with an older stamp than that of the address's new holder.
TEST(HoldingTest, ANodeThatWasAwayForDaysTakesNoAddressBack) {
  Cluster cluster(/*seed=*/12, /*nodes=*/3);
  cluster.SetManifests(Basics() + ServiceManifest("old"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.Kill("n3");
  cluster.SetManifests(Basics());
  cluster.RunFor(ipam::ReplicatedAllocator::kReleaseDelay + absl::Seconds(2));
  cluster.SetManifests(Basics() + ServiceManifest("new"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  ASSERT_EQ(cluster.AddressOf("n1", "new"), "172.18.8.201");

  io::SimLoop& loop = cluster.world().loop();
  loop.SetCivilNow(loop.CivilNow() + absl::Hours(25));
  cluster.SetManifests(Basics() + ServiceManifest("new") +
                       ServiceManifest("newer"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.Start("n3");
  cluster.RunFor(absl::Seconds(10));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "new"), "172.18.8.201");
  EXPECT_EQ(cluster.AddressOf("n1", "newer"), "172.18.8.202");
}

// But if all were away, what they have on disk is all there is.
TEST(HoldingTest, AClusterThatWasOffForDaysKeepsItsAddresses) {
  Cluster cluster(/*seed=*/13, /*nodes=*/3);
  std::string manifests = Basics();
  cluster.StartAll();
  for (const char* service : {"b", "a"}) {
    manifests += ServiceManifest(service);
    cluster.SetManifests(manifests);
    ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  }
  const std::string before = cluster.Show("n1");
  for (const std::string& node : cluster.names()) cluster.Kill(node);
  io::SimLoop& loop = cluster.world().loop();
  loop.SetCivilNow(loop.CivilNow() + absl::Hours(240));
  cluster.StartAll();
  cluster.RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.Show("n1"), before);
}

TEST(HoldingTest, AFreedAddressRestsForItsPoolsCoolDown) {
  Cluster cluster(/*seed=*/14, /*nodes=*/3);
  const std::string pool =
      "---\n"
      "apiVersion: metallb.io/v1beta1\n"
      "kind: IPAddressPool\n"
      "metadata: {name: small, annotations: {lb.io/cool-down: 1m}}\n"
      "spec: {addresses: [172.18.8.201/32]}\n";
  cluster.SetManifests(pool + kAdvertisement + ServiceManifest("old"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.SetManifests(pool + kAdvertisement + ServiceManifest("new"));
  cluster.RunFor(absl::Seconds(30));
  EXPECT_EQ(cluster.AddressOf("n1", "new"), "-") << cluster.Dump();
  // Every node knows, also one that takes over as author.
  const auto described = cluster.view("n1").DescribeNode();
  cluster.Kill(described.ledger_author());
  cluster.RunFor(absl::Seconds(30));
  cluster.Start(described.ledger_author());
  cluster.RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "new"), "172.18.8.201");
}

}  // namespace
}  // namespace lb
