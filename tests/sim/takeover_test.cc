// How an address moves: planned moves without a lost ping, failures within a
// second, one owner at a time, and both sides aware where there are two.
#include <map>
#include <string>
#include <vector>

#include "daemon/problems/problems.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"
#include "tests/sim/lan_client.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kVip[] = "172.18.8.201";

class TakeoverTest : public testing::Test {
 protected:
  // Three nodes that deliver on "lo", service default/web at kVip, and a client
  // that pings it every 5 ms.
  void Begin(uint64_t seed, election::Policy policy) {
    cluster_ =
        std::make_unique<Cluster>(seed, /*nodes=*/3, Delivery::kLoopback);
    cluster_->SetPolicy(policy);
    cluster_->SetManifests(
        PoolManifest("first-pool", kVip + std::string("-172.18.8.205")) +
        kAdvertisement + ServiceManifest("web"));
    cluster_->StartAll();
    ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
    cluster_->RunFor(absl::Seconds(5));
    client_host_ = cluster_->world().AddHost(
        {.name = "client",
         .addresses = {*net::ParseIpPrefix("172.18.8.10/24"),
                       *net::ParseIpPrefix("fe80::10/64")}});
    client_ = std::make_unique<LanClient>(
        client_host_, cluster_->world().Fork("client"),
        [this](const net::MacAddress& mac, const net::IpAddress& address) {
          return cluster_->Accepts(mac, address);
        });
    client_->Ping(*net::ParseIpAddress(kVip), absl::Milliseconds(5));
    cluster_->RunFor(absl::Seconds(1));
    client_->Reset();
  }

  std::string Owner() {
    const auto owners = cluster_->AnnouncersOf(kVip);
    return owners.size() == 1 ? owners[0]
                              : fmt::format("{} owners", owners.size());
  }
  net::MacAddress MacOf(const std::string& node) {
    return cluster_->host(node).mac();
  }
  // The events of a node with this reason.
  std::vector<std::string> Events(const std::string& node,
                                  const std::string& reason) {
    std::vector<std::string> messages;
    for (const Event& event : cluster_->host(node).log().Since(0)) {
      if (event.reason == reason) messages.push_back(event.message);
    }
    return messages;
  }
  // Problems of the kind kAddressConflict on all nodes.
  std::vector<std::string> ConflictProblems() {
    std::vector<std::string> texts;
    for (const std::string& node : cluster_->names()) {
      for (const Problem& problem :
           ListProblems(cluster_->agent(node).View())) {
        if (problem.kind != ProblemKind::kAddressConflict) continue;
        texts.push_back(node + ": " + problem.text);
      }
    }
    return texts;
  }
  // Cuts the gossip of one node, both ways; the segment stays whole.
  void CutGossipOf(const std::string& node) {
    std::vector<io::SimHost*> others;
    for (const std::string& name : cluster_->names()) {
      if (name != node) others.push_back(&cluster_->host(name));
    }
    cluster_->world().network().paths().Partition({&cluster_->host(node)},
                                                  others);
  }
  void ExpectOwner(const std::string& node) {
    EXPECT_EQ(Owner(), node) << cluster_->Dump();
    EXPECT_EQ(client_->Neighbour(*net::ParseIpAddress(kVip)), MacOf(node));
  }

  std::unique_ptr<Cluster> cluster_;
  io::SimHost* client_host_ = nullptr;
  std::unique_ptr<LanClient> client_;
};

class PlannedMoveTest : public TakeoverTest,
                        public testing::WithParamInterface<int> {};

TEST_P(PlannedMoveTest, DrainAndUndrainLoseNoPing) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  ASSERT_TRUE(cluster_->agent(first).Drain().ok());
  cluster_->RunFor(absl::Seconds(3));
  EXPECT_NE(Owner(), first);
  ExpectOwner(Owner());
  EXPECT_THAT(cluster_->host(first).installer().installed(), IsEmpty());
  ASSERT_TRUE(cluster_->agent(first).Undrain().ok());
  cluster_->RunFor(absl::Seconds(3));
  ExpectOwner(first);
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
  EXPECT_EQ(client_->doubly_answered(), 0);
}

TEST_P(PlannedMoveTest, ATerminatedNodeLosesNoPing) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  bool left = false;
  cluster_->agent(first).Leave([&] { left = true; });
  cluster_->RunFor(absl::Seconds(2));
  EXPECT_TRUE(left);
  cluster_->Kill(first);
  cluster_->RunFor(absl::Seconds(2));
  ExpectOwner(Owner());
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
  // It comes back, and takes its address back, as with MetalLB.
  cluster_->Start(first);
  cluster_->RunFor(absl::Seconds(5));
  ExpectOwner(first);
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
}

// A node that announces has a handover to wait for; another node has none.
TEST_P(PlannedMoveTest, ATerminatedNodeIsKnownToHaveLeft) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string owner = Owner();
  for (const std::string& node : cluster_->names()) {
    cluster_->agent(node).Leave([&, node] { cluster_->Kill(node); });
    cluster_->RunFor(absl::Seconds(3));
    EXPECT_FALSE(cluster_->running(node));
    for (const std::string& other : cluster_->names()) {
      if (!cluster_->running(other)) continue;
      EXPECT_EQ(cluster_->view(other).DescribeMember(node)->state(),
                status::v1::Member::LEFT)
          << node << " to " << other << (node == owner ? ", the owner" : "");
    }
  }
}

TEST_P(PlannedMoveTest, AStickyAddressStaysWhenANodeComesBack) {
  Begin(GetParam(), election::Policy::kSticky);
  const std::string first = Owner();
  cluster_->Crash(first);
  cluster_->RunFor(absl::Seconds(2));
  const std::string second = Owner();
  EXPECT_NE(second, first);
  client_->Reset();
  cluster_->Start(first);
  cluster_->RunFor(absl::Seconds(90));
  ExpectOwner(second);
  EXPECT_EQ(client_->pings().lost, 0);
  // The address also stays when the holder's agent is replaced by a new one at
  // once.
  cluster_->Kill(second);
  cluster_->Start(second);
  cluster_->RunFor(absl::Seconds(90));
  ExpectOwner(second);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlannedMoveTest, testing::Range(1, 11));

class FailureTest : public TakeoverTest,
                    public testing::WithParamInterface<int> {};

TEST_P(FailureTest, ACrashIsOverWithinASecond) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  cluster_->Crash(first);
  cluster_->RunFor(absl::Seconds(3));
  ExpectOwner(Owner());
  EXPECT_GT(client_->pings().lost, 0);
  EXPECT_LT(client_->pings().longest_silence, absl::Seconds(1));
}

TEST_P(FailureTest, AStoppedNodeNeverAnswersForWhatItLost) {
  Begin(GetParam(), election::Policy::kSticky);
  const std::string first = Owner();
  cluster_->host(first).Pause();
  cluster_->RunFor(absl::Seconds(3));
  client_->Forget(*net::ParseIpAddress(kVip));
  cluster_->RunFor(absl::Milliseconds(20));
  const std::string second = Owner();
  client_->Reset();
  // It finds a question of before in its socket, and time that has passed.
  client_->Forget(*net::ParseIpAddress(kVip));
  cluster_->host(first).Resume();
  for (int i = 0; i < 100; ++i) {
    cluster_->RunFor(absl::Milliseconds(50));
    client_->Forget(*net::ParseIpAddress(kVip));
  }
  cluster_->RunFor(absl::Milliseconds(50));
  ExpectOwner(second);
  EXPECT_EQ(client_->doubly_answered(), 0) << cluster_->Dump();
  EXPECT_THAT(Events(first, "Stalled"), SizeIs(1));
}

// Gossip is cut, the segment is not: both sides elect themselves.
TEST_P(FailureTest, ASplitBrainIsSettledAndBothSaySo) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  CutGossipOf(first);
  cluster_->RunFor(absl::Seconds(4));
  ExpectOwner(first);  // It goes before the others: that is why it had it.
  std::string second;
  for (const std::string& node : cluster_->names()) {
    if (node != first && !Events(node, "AddressConflict").empty())
      second = node;
  }
  EXPECT_THAT(second, Not(IsEmpty())) << cluster_->Dump();
  EXPECT_THAT(Events(first, "AddressConflict"), Not(IsEmpty()))
      << cluster_->Dump();
  cluster_->world().Heal();
  client_->Reset();
  cluster_->RunFor(absl::Seconds(20));
  ExpectOwner(first);
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
}

// It stayed listed for half a minute after all was well.
TEST_P(FailureTest, AConflictEndsWhenTheMembersKnowEachOther) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  CutGossipOf(first);
  cluster_->RunFor(absl::Seconds(12));
  EXPECT_THAT(ConflictProblems(), Not(IsEmpty())) << cluster_->Dump();
  cluster_->world().Heal();
  const auto all_heard = [&] {
    for (const std::string& node : cluster_->names()) {
      if (cluster_->agent(node).View().gossip().VerifiedMembers().size() < 3)
        return false;
    }
    return true;
  };
  ASSERT_TRUE(cluster_->world().loop().RunUntil(all_heard, absl::Minutes(1)));
  cluster_->RunFor(absl::Seconds(2));
  EXPECT_THAT(ConflictProblems(), IsEmpty()) << cluster_->Dump();
}

// The two sides meet one member at a time: for a moment a node hears that
// another holds the address, and still takes that one for dead.
TEST_P(FailureTest, AStickyAddressStaysWhereTheSplitLeftIt) {
  Begin(GetParam(), election::Policy::kSticky);
  const std::string first = Owner();
  cluster_->Crash(first);
  cluster_->RunFor(absl::Seconds(2));
  const std::string second = Owner();
  ASSERT_NE(second, first);
  cluster_->Start(first);
  cluster_->RunFor(absl::Seconds(8));
  ASSERT_EQ(Owner(), second);

  std::vector<io::SimHost*> others;
  for (const std::string& node : cluster_->names()) {
    if (node != second) others.push_back(&cluster_->host(node));
  }
  cluster_->world().network().paths().Partition({&cluster_->host(second)},
                                                others);
  cluster_->RunFor(absl::Seconds(6));
  const std::string kept = Owner();
  std::map<std::string, size_t> elections;
  for (const std::string& node : cluster_->names()) {
    elections[node] = Events(node, "nodeAssigned").size();
  }
  cluster_->world().Heal();
  cluster_->RunFor(absl::Seconds(20));
  ExpectOwner(kept);
  for (const std::string& node : cluster_->names()) {
    // A node that thought otherwise learns it, and that is all.
    EXPECT_LE(Events(node, "nodeAssigned").size(), elections[node] + 1)
        << cluster_->Dump();
  }
}

TEST_P(FailureTest, AYieldedAddressIsTakenBackWhenTheRivalDies) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  CutGossipOf(first);
  cluster_->RunFor(absl::Seconds(4));
  client_->Reset();
  cluster_->Crash(first);
  cluster_->RunFor(absl::Seconds(5));
  EXPECT_NE(Owner(), first);
  ExpectOwner(Owner());
  EXPECT_LT(client_->pings().longest_silence, absl::Seconds(3));
}

TEST_P(FailureTest, ANodeWithoutACarrierHandsItsAddressesOn) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  cluster_->host(first).SetCarrier(false);
  cluster_->RunFor(absl::Seconds(3));
  EXPECT_NE(Owner(), first);
  ExpectOwner(Owner());
  EXPECT_THAT(Events(first, "CutOff"), SizeIs(1)) << cluster_->Dump();
  EXPECT_LT(client_->pings().longest_silence, absl::Seconds(1));
  client_->Reset();
  cluster_->host(first).SetCarrier(true);
  cluster_->RunFor(absl::Seconds(20));
  ExpectOwner(first);
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
}

// While it has no carrier it takes the others for dead, one after the other.
// This wrong belief must cost no client an answer when the node is back.
TEST_P(FailureTest, AnIdleNodeThatWasCutOffTakesNothing) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  for (const std::string& node : cluster_->names()) {
    if (node == first) continue;
    for (int cut_ms = 500; cut_ms <= 2000; cut_ms += 100) {
      SCOPED_TRACE(fmt::format("{} without carrier for {} ms", node, cut_ms));
      client_->Reset();
      cluster_->host(node).SetCarrier(false);
      cluster_->RunFor(absl::Milliseconds(cut_ms));
      cluster_->host(node).SetCarrier(true);
      cluster_->RunFor(absl::Seconds(15));
      ExpectOwner(first);
      ASSERT_EQ(client_->pings().lost, 0) << cluster_->Dump();
    }
  }
}

// The whole network splits, clients too. When it is one again the old owner has
// the address, as it always believed; clients must hear that it has.
TEST_P(FailureTest, AnOwnerThatWasSplitOffIsHeardWhenItIsBack) {
  Begin(GetParam(), election::Policy::kCompat);
  const std::string first = Owner();
  std::vector<io::SimHost*> others = {client_host_};
  for (const std::string& node : cluster_->names()) {
    if (node != first) others.push_back(&cluster_->host(node));
  }
  cluster_->world().Partition({&cluster_->host(first)}, others);
  cluster_->RunFor(absl::Seconds(8));
  client_->Reset();
  cluster_->world().Heal();
  cluster_->RunFor(absl::Seconds(20));
  ExpectOwner(first);
  EXPECT_EQ(client_->pings().lost, 0) << cluster_->Dump();
}

INSTANTIATE_TEST_SUITE_P(Seeds, FailureTest, testing::Range(1, 11));

TEST_F(TakeoverTest, WhatTheKernelWouldAnswerIsAProblem) {
  Begin(/*seed=*/1, election::Policy::kCompat);
  cluster_->host("n1").sysctls()["net/ipv4/conf/all/arp_ignore"] = 0;
  ASSERT_TRUE(cluster_->agent("n1").Drain().ok());  // Looks again.
  cluster_->RunFor(absl::Seconds(1));
  EXPECT_THAT(
      Events("n1", "StrictArp"),
      ElementsAre(HasSubstr("sysctl -w net.ipv4.conf.all.arp_ignore=1")));
  status::v1::ListProblemsRequest request;
  request.add_kinds(status::v1::Problem::STRICT_ARP);
  EXPECT_EQ(cluster_->view("n1").ListProblems(request).problems_size(), 1);
}

}  // namespace
}  // namespace lb
