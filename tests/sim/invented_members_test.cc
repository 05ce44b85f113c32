// A liar in the gossip invents 10,000 members: no service moves, and events of
// the real members have their usual effect.
#include "lb/gossip/testing/invented_members.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/members/node_metadata.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/gossip/wire/messages.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::ElementsAre;

constexpr char kVip[] = "172.18.8.201";
constexpr int kFakes = 10000;

// As MetalLB speakers, and as lbds that may announce.
class InventedMembersTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    cluster_.SetManifests(Basics() + ServiceManifest("web", kVip));
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
    owner_ = cluster_.AnnouncersOf(kVip).at(0);
    liar_ = cluster_.world().AddHost("liar", "172.18.8.200/24");
  }

  void Lie() {
    gossip::wire::Bytes meta;
    if (GetParam()) {
      meta =
          SerializeNodeMetadata({.interfaces = std::vector<AnnouncingInterface>{
                                     {"eth0", cluster_.host(owner_).mac()}}});
    }
    int sent = 0;
    for (const auto& datagram : gossip::InventMembers(kFakes, meta)) {
      for (const std::string& node : cluster_.names()) {
        if (!cluster_.running(node)) continue;
        ASSERT_TRUE(
            liar_->environment()
                .datagrams->Send(cluster_.host(node).endpoint(), datagram)
                .ok());
      }
      if (++sent % 50 != 0) continue;
      cluster_.RunFor(absl::Milliseconds(10));
      ASSERT_THAT(cluster_.AnnouncersOf(kVip), ElementsAre(owner_));
    }
    ASSERT_GT(cluster_.agent("n1").View().gossip().unverified(), 9000u);
  }
  std::string ReadyMessage(const std::string& node) {
    std::string message;
    for (const Event& event : cluster_.host(node).log().Since(0)) {
      if (event.reason == "Ready") message = event.message;
    }
    return message;
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
  std::string owner_;
  io::SimHost* liar_ = nullptr;
};

TEST_P(InventedMembersTest, NoAddressMoves) {
  Lie();
  EXPECT_TRUE(cluster_.view("n1").DescribeMember("fake5000")->unverified());
  EXPECT_FALSE(cluster_.view("n1").DescribeMember("n2")->unverified());
  for (int i = 0; i < 100; ++i) {
    cluster_.RunFor(absl::Milliseconds(100));
    ASSERT_THAT(cluster_.AnnouncersOf(kVip), ElementsAre(owner_)) << i;
  }
  for (const std::string& node : cluster_.names()) {
    EXPECT_EQ(cluster_.Show(node), "default/web 172.18.8.201 " + owner_ + "\n");
  }
}

TEST_P(InventedMembersTest, ACrashIsOverWithinASecond) {
  Lie();
  cluster_.Crash(owner_);
  cluster_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(cluster_.RunUntilAgreed(absl::ZeroDuration())) << cluster_.Dump();
}

TEST_P(InventedMembersTest, ANodeCanBeDrained) {
  Lie();
  ASSERT_TRUE(cluster_.agent(owner_).Drain().ok());
  cluster_.RunFor(absl::Seconds(2));
  const auto announcers = cluster_.AnnouncersOf(kVip);
  ASSERT_EQ(announcers.size(), 1u);
  EXPECT_NE(announcers[0], owner_);
}

TEST_P(InventedMembersTest, AStartingNodeWaitsASecondForThemAndNoLonger) {
  Lie();
  cluster_.Kill("n3");
  cluster_.RunFor(absl::Seconds(1));
  cluster_.Start("n3");
  EXPECT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(3))) << cluster_.Dump();
  cluster_.RunFor(absl::Seconds(2));
  EXPECT_TRUE(cluster_.RunUntilAgreed(absl::ZeroDuration())) << cluster_.Dump();
  EXPECT_EQ(ReadyMessage("n3"),
            "heard from the cluster, but not from all members");
}

INSTANTIATE_TEST_SUITE_P(Kinds, InventedMembersTest, testing::Bool());

// Without a liar it has no need to wait.
TEST(StartTest, ANodeIsReadyOnceAllHaveAnswered) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  cluster.SetManifests(Basics() + ServiceManifest("web", kVip));
  cluster.StartAll();
  cluster.RunFor(absl::Milliseconds(50));
  for (const std::string& node : cluster.names()) {
    EXPECT_TRUE(cluster.agent(node).View().ready()) << cluster.Dump();
    EXPECT_EQ(cluster.agent(node).View().gossip().unverified(), 0u);
  }
}

// The node waits a second for a member that gossip names and that it cannot
// reach.
TEST(StartTest, ANodeIsReadyASecondAfterItsExchangeAtTheLatest) {
  Cluster cluster(/*seed=*/1, /*nodes=*/4);
  cluster.SetManifests(Basics() + ServiceManifest("web", kVip));
  for (const char* node : {"n1", "n2", "n3"}) cluster.Start(node);
  cluster.RunFor(absl::Seconds(5));
  cluster.Crash("n2");
  cluster.Start("n4");
  cluster.RunFor(absl::Milliseconds(100));
  EXPECT_FALSE(cluster.agent("n4").View().ready()) << cluster.Dump();
  cluster.RunFor(absl::Seconds(1));
  EXPECT_TRUE(cluster.agent("n4").View().ready()) << cluster.Dump();
}

}  // namespace
}  // namespace lb
