// A node that knows no other member: no node can have taken over from it while
// it was not run, so a stall costs its services no more time than itself.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/io/sim/sim_world.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kVip[] = "172.18.8.201";

class LoneNodeTest : public testing::Test {
 protected:
  // Starts n1 alone, and waits until it announces kVip.
  void Begin(int nodes) {
    cluster_ = std::make_unique<Cluster>(/*seed=*/1, nodes);
    cluster_->SetManifests(Basics() + ServiceManifest("web"));
    cluster_->Start("n1");
    ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
    ASSERT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
    cluster_->RunFor(absl::Seconds(2));
  }
  void Stall(const std::string& node, absl::Duration duration) {
    cluster_->host(node).Pause();
    cluster_->RunFor(duration);
    cluster_->host(node).Resume();
  }
  std::vector<std::string> Events(const std::string& node,
                                  const std::string& reason) {
    std::vector<std::string> messages;
    for (const Event& event : cluster_->host(node).log().Since(0)) {
      if (event.reason == reason) messages.push_back(event.message);
    }
    return messages;
  }
  // Steps through the time, and returns the most announcers at once.
  size_t MostAnnouncersIn(absl::Duration duration) {
    size_t most = 0;
    for (; duration > absl::ZeroDuration(); duration -= absl::Milliseconds(2)) {
      cluster_->RunFor(absl::Milliseconds(2));
      most = std::max(most, cluster_->AnnouncersOf(kVip).size());
    }
    return most;
  }

  std::unique_ptr<Cluster> cluster_;
};

TEST_F(LoneNodeTest, WithoutAJoinListItGoesOnAtOnce) {
  Begin(/*nodes=*/1);
  Stall("n1", absl::Seconds(5));
  cluster_->RunFor(absl::Milliseconds(20));
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
  EXPECT_THAT(Events("n1", "Stalled"), ElementsAre(HasSubstr("goes on")));
  EXPECT_THAT(Events("n1", "Ready"), SizeIs(1));
}

TEST_F(LoneNodeTest, WhoseJoinListNeverAnsweredItGoesOnInAQuarterSecond) {
  Begin(/*nodes=*/3);
  Stall("n1", absl::Seconds(5));
  cluster_->RunFor(absl::Milliseconds(300));
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
}

// A node of the join list began alone in the meantime, and has the address.
TEST_F(LoneNodeTest, OneThatStartedMeanwhileIsHeardFirst) {
  Begin(/*nodes=*/2);
  cluster_->host("n1").Pause();
  cluster_->Start("n2");
  cluster_->RunFor(absl::Seconds(10));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), Contains("n2"));
  cluster_->host("n1").Resume();
  EXPECT_EQ(MostAnnouncersIn(absl::Milliseconds(250)), 1u) << cluster_->Dump();
  EXPECT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
}

// Its table is empty as well, but it was not ready: the others have the
// address.
TEST_F(LoneNodeTest, OneThatLostItsMemoryWaitsForTheCluster) {
  Begin(/*nodes=*/3);
  cluster_->Start("n2");
  cluster_->Start("n3");
  ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
  const std::string first = cluster_->AnnouncersOf(kVip).at(0);
  cluster_->Crash(first);
  cluster_->RunFor(absl::Seconds(3));
  cluster_->host(first).Restart();
  cluster_->Start(first);
  const size_t ready = Events(first, "Ready").size();
  Stall(first, absl::Seconds(2));
  for (int i = 0; i < 2000 && Events(first, "Ready").size() == ready; ++i) {
    EXPECT_THAT(cluster_->AnnouncersOf(kVip), Not(Contains(first)));
    cluster_->RunFor(absl::Milliseconds(1));
  }
  ASSERT_THAT(Events(first, "Ready"), SizeIs(ready + 1)) << cluster_->Dump();
  EXPECT_THAT(Events(first, "Ready").back(), HasSubstr("heard"));
  EXPECT_THAT(Events(first, "Stalled"), Each(HasSubstr("silent")));
  EXPECT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
}

// A member that passes for failed may have taken over.
TEST_F(LoneNodeTest, OneThatLostAMemberFallsSilent) {
  Begin(/*nodes=*/2);
  cluster_->Start("n2");
  ASSERT_TRUE(cluster_->RunUntilAgreed(kSettled)) << cluster_->Dump();
  cluster_->RunFor(absl::Seconds(5));
  cluster_->Crash("n2");
  cluster_->RunFor(absl::Seconds(3));
  ASSERT_THAT(cluster_->AnnouncersOf(kVip), ElementsAre("n1"));
  Stall("n1", absl::Seconds(5));
  cluster_->RunFor(absl::Seconds(2));
  EXPECT_THAT(cluster_->AnnouncersOf(kVip), IsEmpty());
  EXPECT_THAT(Events("n1", "Stalled"), ElementsAre(HasSubstr("silent")));
}

}  // namespace
}  // namespace lb
