// The whole path on simulated hosts: manifests in, agreed addresses and one
// announcing node out, through starts, kills, partitions and restarts.
#include "tests/sim/cluster.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/election/tenure.h"
#include "lb/election/tenure_codec.h"
#include "lb/gossip/gossip_node.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ClusterTest, ShowsTheSameAddressesWhateverTheStartOrder) {
  std::vector<std::string> order = {"n1", "n2", "n3"};
  do {
    for (const absl::Duration pause :
         {absl::ZeroDuration(), absl::Milliseconds(300), absl::Seconds(7)}) {
      SCOPED_TRACE(fmt::format("{}, {}, {} every {}", order[0], order[1],
                               order[2], absl::FormatDuration(pause)));
      Cluster cluster(/*seed=*/1, /*nodes=*/3);
      cluster.SetManifests(Basics() + ServiceManifest("a") +
                           ServiceManifest("b") +
                           ServiceManifest("c", "172.18.8.203"));
      for (const std::string& node : order) {
        cluster.Start(node);
        cluster.RunFor(pause);
      }
      ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
      EXPECT_EQ(cluster.AddressOf("n1", "a"), "172.18.8.201");
      EXPECT_EQ(cluster.AddressOf("n1", "b"), "172.18.8.202");
      EXPECT_EQ(cluster.AddressOf("n1", "c"), "172.18.8.203");
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(ClusterTest, AddressesOutliveKillAndRestartOfEachNode) {
  Cluster cluster(/*seed=*/2, /*nodes=*/3);
  // Added one by one against the order of names, so that a fresh allocation
  // would give others.
  std::string manifests = Basics();
  cluster.StartAll();
  for (const char* service : {"c", "b", "a"}) {
    manifests += ServiceManifest(service);
    cluster.SetManifests(manifests);
    ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  }
  const std::string before = cluster.Show("n1");
  ASSERT_EQ(cluster.AddressOf("n1", "c"), "172.18.8.201");
  for (const std::string& node : cluster.names()) {
    SCOPED_TRACE(node);
    cluster.Kill(node);
    cluster.RunFor(absl::Seconds(3));
    cluster.Start(node);
    cluster.RunFor(absl::Seconds(1));
    ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
    EXPECT_EQ(cluster.Show("n1"), before);
  }
  for (const std::string& node : cluster.names()) cluster.Kill(node);
  cluster.RunFor(absl::Seconds(10));
  cluster.StartAll();
  cluster.RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.Show("n1"), before);
}

TEST(ClusterTest, ANodeThatLostItsStateLearnsTheAgreementAgain) {
  Cluster cluster(/*seed=*/3, /*nodes=*/3);
  std::string manifests = Basics() + ServiceManifest("z");
  cluster.SetManifests(manifests);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.SetManifests(manifests + ServiceManifest("a"));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const std::string before = cluster.Show("n1");
  for (const std::string& node : cluster.names()) {
    cluster.Crash(node);
    cluster.host(node).state().values().clear();
    cluster.RunFor(absl::Seconds(3));
    cluster.Start(node);
    cluster.RunFor(absl::Seconds(1));
    ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
    EXPECT_EQ(cluster.Show(node), before);
  }
}

TEST(ClusterTest, AnotherNodeTakesOverWithinASecond) {
  Cluster cluster(/*seed=*/4, /*nodes=*/3, Delivery::kLoopback);
  cluster.SetManifests(Basics() + ServiceManifest("web"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const std::string vip = cluster.AddressOf("n1", "web");
  const std::string old_node = cluster.AnnouncersOf(vip)[0];
  cluster.Crash(old_node);
  cluster.RunFor(absl::Seconds(1));
  ASSERT_THAT(cluster.AnnouncersOf(vip), SizeIs(1)) << cluster.Dump();
  const std::string new_node = cluster.AnnouncersOf(vip)[0];
  EXPECT_NE(new_node, old_node);
  EXPECT_EQ(cluster.AddressOf(new_node, "web"), vip);
  EXPECT_THAT(cluster.host(new_node).installer().installed(), SizeIs(1));
}

TEST(ClusterTest, AKilledNodesLoopbackIsCleanedWhenItReturns) {
  Cluster cluster(/*seed=*/4, /*nodes=*/3, Delivery::kLoopback);
  cluster.SetManifests(Basics() + ServiceManifest("web"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const std::string old_node =
      cluster.AnnouncersOf(cluster.AddressOf("n1", "web"))[0];
  cluster.Kill(old_node);
  EXPECT_THAT(cluster.host(old_node).installer().installed(), SizeIs(1));
  // Without the service there is nothing to deliver when it comes back.
  cluster.SetManifests(Basics());
  cluster.Start(old_node);
  cluster.RunFor(absl::Seconds(1));
  EXPECT_THAT(cluster.host(old_node).installer().installed(), SizeIs(0));
}

// "shared" holds the IPv6 address of "dual", whose IPv4 address elects another
// node than the IPv6 address would.
TEST(ClusterTest, DualStackAndSharedAddressesMoveTogether) {
  constexpr char kServices[] = R"(
---
apiVersion: v1
kind: Service
metadata:
  name: dual
  namespace: default
  annotations:
    metallb.io/loadBalancerIPs: 172.18.8.203,fd00::201
    metallb.io/allow-shared-ip: key
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv6, IPv4]
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata:
  name: shared
  namespace: default
  annotations:
    metallb.io/loadBalancerIPs: fd00::201
    metallb.io/allow-shared-ip: key
spec: {type: LoadBalancer, ipFamilies: [IPv6], ports: [{port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: six, namespace: default}
spec: {type: LoadBalancer, ipFamilies: [IPv6], ports: [{port: 80}]}
)";
  Cluster cluster(/*seed=*/12, /*nodes=*/3, Delivery::kLoopback,
                  Cluster::Sharing::kAllowed);
  cluster.SetManifests(Basics() + PoolManifest("sixes", "fd00::201-fd00::205") +
                       kServices);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "dual"), "172.18.8.203,fd00::201");
  EXPECT_EQ(cluster.AddressOf("n1", "shared"), "fd00::201");
  EXPECT_EQ(cluster.AddressOf("n1", "six"), "fd00::202");
  const std::string old_node = cluster.AnnouncersOf("172.18.8.203")[0];
  EXPECT_THAT(cluster.AnnouncersOf("fd00::201"), ElementsAre(old_node));
  cluster.Crash(old_node);
  cluster.RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  ASSERT_THAT(cluster.AnnouncersOf("172.18.8.203"), SizeIs(1));
  EXPECT_EQ(cluster.AnnouncersOf("172.18.8.203"),
            cluster.AnnouncersOf("fd00::201"));
}

// A member that sends nonsense cannot fill the disk with log lines.
TEST(ClusterTest, RefusedLedgerMessagesAreOneEventInAWhile) {
  Cluster cluster(/*seed=*/13, /*nodes=*/2);
  cluster.Start("n1");
  const auto hostile = cluster.StartPeer("n2", "n1");
  cluster.RunFor(absl::Seconds(1));
  std::string rubbish = ipam::SerializeMessage({});
  rubbish.back() ^= 1;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(hostile->Broadcast({rubbish.begin(), rubbish.end()}).ok());
    cluster.RunFor(absl::Milliseconds(100));
  }
  int events = 0;
  for (const Event& event : cluster.host("n1").log().Since(0)) {
    events += event.reason == "LedgerMessageRefused" ? 1 : 0;
  }
  EXPECT_EQ(events, 1);
  cluster.RunFor(Events::kRefusalReportInterval);
  ASSERT_TRUE(hostile->Broadcast({rubbish.begin(), rubbish.end()}).ok());
  cluster.RunFor(absl::Seconds(1));
  const Event last = cluster.host("n1").log().Since(0).back();
  EXPECT_EQ(last.reason, "LedgerMessageRefused");
  EXPECT_THAT(last.message, HasSubstr(" before"));
  cluster.host("n2").Crash();
}

// The correction waited for the next message, while nothing moved for ever.
TEST(ClusterTest, WhoGoesByAnOldTenureIsToldAtOnce) {
  Cluster cluster(/*seed=*/15, /*nodes=*/2);
  const std::string vip = "172.18.8.203";
  cluster.SetManifests(Basics() + ServiceManifest("web", vip));
  cluster.Start("n1");
  const auto peer = cluster.StartPeer("n2", "n1");
  std::vector<election::Tenure> told;
  peer->SetObserver([&](const gossip::GossipEvent& event) {
    const auto* user = std::get_if<gossip::UserMessageEvent>(&event);
    if (user == nullptr) return;
    const auto tenures = election::ParseTenures(
        {reinterpret_cast<const char*>(user->payload.data()),
         user->payload.size()});
    if (tenures.ok()) told = *tenures;
  });
  cluster.RunFor(absl::Seconds(10));
  ASSERT_THAT(cluster.AnnouncersOf(vip), ElementsAre("n1"));
  told.clear();
  const std::string old = election::SerializeTenures(
      {{*net::ParseIpAddress(vip), "", 1, absl::UnixEpoch()}});
  ASSERT_TRUE(peer->SendBestEffort("n1", {old.begin(), old.end()}).ok());
  cluster.RunFor(absl::Seconds(1));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].node, "n1");
  cluster.host("n2").Crash();
}

// Containers come and go, and their links with them: each began the settle time
// again, so a node that heard no member never became ready.
TEST(ClusterTest, LinksOfOthersDelayNoReadiness) {
  Cluster cluster(/*seed=*/6, /*nodes=*/2);
  cluster.Start("n1");
  for (int i = 0; i < 3; ++i) {
    cluster.RunFor(absl::Seconds(2));
    cluster.host("n1").links().SetLink({.index = 100 + i,
                                        .name = fmt::format("veth{}", i),
                                        .up = true,
                                        .carrier = true,
                                        .broadcast = true});
  }
  EXPECT_TRUE(cluster.agent("n1").View().ready());
}

TEST(ClusterTest, LeavingHandsOverAtOnce) {
  Cluster cluster(/*seed=*/5, /*nodes=*/3);
  cluster.SetManifests(Basics() + ServiceManifest("web"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const std::string vip = cluster.AddressOf("n1", "web");
  const std::string old_node = cluster.AnnouncersOf(vip)[0];
  bool left = false;
  cluster.agent(old_node).Leave([&] { left = true; });
  cluster.RunFor(absl::Milliseconds(100));
  ASSERT_THAT(cluster.AnnouncersOf(vip), SizeIs(1)) << cluster.Dump();
  EXPECT_NE(cluster.AnnouncersOf(vip)[0], old_node);
  cluster.RunFor(absl::Seconds(2));
  EXPECT_TRUE(left);
}

TEST(ClusterTest, BrokenManifestsAtTheStartReleaseNothing) {
  Cluster cluster(/*seed=*/8, /*nodes=*/3);
  const std::string good =
      Basics() + ServiceManifest("a") + ServiceManifest("b");
  cluster.SetManifests(good);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const std::string before = cluster.Show("n1");
  for (const std::string& node : cluster.names()) cluster.Kill(node);
  cluster.SetManifests(Basics() + ServiceManifest("c") + "---\n{ broken: [\n");
  cluster.StartAll();
  cluster.RunFor(absl::Seconds(30));
  EXPECT_EQ(cluster.AddressOf("n1", "c"), "172.18.8.203") << cluster.Dump();
  EXPECT_EQ(cluster.view("n1").DescribeNode().problems_size(), 1);
  cluster.SetManifests(good);
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.Show("n1"), before);
}

TEST(ClusterTest, AFullDiskIsAProblemAndNothingUnwrittenIsShown) {
  Cluster cluster(/*seed=*/9, /*nodes=*/1);
  cluster.Start("n1");
  cluster.host("n1").state().SetWriteError(
      absl::ResourceExhaustedError("no space left on device"));
  cluster.SetManifests(Basics() + ServiceManifest("a"));
  cluster.RunFor(absl::Seconds(10));
  EXPECT_EQ(cluster.Show("n1"), "default/a - -\n");
  const auto described = cluster.view("n1").DescribeNode();
  ASSERT_EQ(described.problems_size(), 2);
  EXPECT_THAT(described.problems(0).text(),
              HasSubstr("no space left on device"));
  EXPECT_EQ(described.problems(1).object(), "Service/default/a");
  cluster.host("n1").state().SetWriteError(absl::OkStatus());
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  EXPECT_EQ(cluster.Show("n1"), "default/a 172.18.8.201 n1\n");
}

TEST(ClusterTest, ReconcilingAgainPlansNothing) {
  Cluster cluster(/*seed=*/10, /*nodes=*/3);
  const std::string manifests = Basics() + ServiceManifest("a");
  cluster.SetManifests(manifests);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.RunFor(absl::Seconds(2));
  std::vector<uint64_t> events, writes;
  for (const std::string& node : cluster.names()) {
    events.push_back(cluster.host(node).log().last_sequence());
    writes.push_back(cluster.host(node).state().writes());
  }
  cluster.SetManifests(manifests);
  cluster.RunFor(absl::Seconds(2));
  for (size_t i = 0; i < events.size(); ++i) {
    const std::string node = cluster.names()[i];
    EXPECT_EQ(cluster.host(node).log().last_sequence(), events[i]);
    EXPECT_EQ(cluster.host(node).state().writes(), writes[i]);
  }
}

// Random kills, restarts and partitions; then calm. All agree in the end, and
// no address changed, as none was disputed.
class ClusterFaultTest : public testing::TestWithParam<int> {};

TEST_P(ClusterFaultTest, AgreesAgainAfterRandomFaults) {
  const int seed = GetParam();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Cluster cluster(seed, /*nodes=*/5);
  const std::string manifests =
      PoolManifest("first-pool", "172.18.8.201-172.18.8.220") + kAdvertisement +
      ServiceManifest("a") + ServiceManifest("b") + ServiceManifest("c") +
      ServiceManifest("d");
  cluster.SetManifests(manifests);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  std::vector<std::string> addresses;
  for (const char* service : {"a", "b", "c", "d"}) {
    addresses.push_back(cluster.AddressOf("n1", service));
  }
  Prng prng = cluster.world().Fork("faults");
  for (int step = 0; step < 20; ++step) {
    const std::string node = cluster.names()[prng.Uniform(5)];
    switch (prng.Uniform(4)) {
      case 0:
        if (cluster.running(node)) cluster.Kill(node);
        break;
      case 1:
        if (cluster.running(node)) cluster.Crash(node);
        break;
      case 2: {
        std::vector<io::SimHost*> sides[2];
        for (const std::string& name : cluster.names()) {
          sides[prng.Uniform(2)].push_back(&cluster.host(name));
        }
        cluster.world().Partition(sides[0], sides[1]);
        break;
      }
      case 3:
        cluster.world().Heal();
        break;
    }
    cluster.RunFor(prng.UniformDuration(absl::Seconds(4)));
    for (const std::string& name : cluster.names()) {
      if (!cluster.running(name) && prng.Chance(50)) cluster.Start(name);
    }
  }
  cluster.world().Heal();
  for (const std::string& name : cluster.names()) {
    if (!cluster.running(name)) cluster.Start(name);
  }
  cluster.RunFor(absl::Seconds(20));
  ASSERT_TRUE(cluster.RunUntilAgreed(absl::Seconds(30))) << cluster.Dump();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(cluster.AddressOf("n1", std::string(1, 'a' + i)), addresses[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClusterFaultTest, testing::Range(1, 21));

TEST(ClusterTest, ExplainNamesTheInterfacesOfTheAnnouncer) {
  Cluster cluster(/*seed=*/15, /*nodes=*/3);
  cluster.SetPolicy(election::Policy::kSticky);
  cluster.SetManifests(PoolManifest("first-pool", "172.18.8.201/32") +
                       "---\n"
                       "apiVersion: metallb.io/v1beta1\n"
                       "kind: L2Advertisement\n"
                       "metadata: {name: one}\n"
                       "spec: {interfaces: [eth0]}\n" +
                       ServiceManifest("a"));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const auto before = cluster.view("n1").Explain("default/a");
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->nodes(0).verdict(), "announcer");
  EXPECT_THAT(before->nodes(0).interfaces(), ElementsAre("eth0"));
  EXPECT_THAT(before->nodes(1).interfaces(), SizeIs(0));

  // The second keeps what it took over, though the first is back.
  const std::string first = before->nodes(0).node();
  cluster.Crash(first);
  cluster.RunFor(absl::Seconds(5));
  cluster.Start(first);
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  const auto after = cluster.view("n1").Explain("default/a");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->nodes(0).node(), first);
  EXPECT_THAT(after->nodes(0).interfaces(), SizeIs(0));
  EXPECT_EQ(after->nodes(1).verdict(), "announcer");
  EXPECT_THAT(after->nodes(1).interfaces(), ElementsAre("eth0"));
}

TEST(ClusterTest, SameSeedSameTrace) {
  uint64_t hashes[2];
  for (uint64_t& hash : hashes) {
    Cluster cluster(/*seed=*/11, /*nodes=*/3);
    cluster.SetManifests(Basics() + ServiceManifest("a"));
    cluster.StartAll();
    cluster.RunFor(absl::Seconds(5));
    cluster.Crash("n2");
    cluster.RunFor(absl::Seconds(5));
    hash = cluster.world().trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace lb
