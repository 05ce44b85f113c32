// Ten thousand members that a liar invented cost those that are there nothing.
#include "lb/gossip/testing/invented_members.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/sim/sim_world.h"

namespace lb::gossip {
namespace {

using testing::SizeIs;

class InventedMembersTest : public GossipNodeTest {
 protected:
  static constexpr int kFakes = 10000;

  // In two seconds, from a host of its own, to all that run.
  void Lie() {
    if (liar_ == nullptr) liar_ = world_->AddHost("liar", "10.0.0.200/24");
    const auto datagrams = InventMembers(kFakes);
    for (size_t i = 0; i < datagrams.size(); ++i) {
      for (int number : Running()) {
        ASSERT_TRUE(
            liar_->environment()
                .datagrams->Send(At(number).host->endpoint(), datagrams[i])
                .ok());
      }
      if (i % 10 == 0) world_->loop().RunFor(absl::Milliseconds(4));
    }
    ASSERT_GT(Gossip(1).unverified(), static_cast<size_t>(kFakes) * 9 / 10);
    for (Node& node : nodes_) node.events.clear();
  }
  int VerifiedCount(int number) {
    return static_cast<int>(Gossip(number).VerifiedMembers().size());
  }

  io::SimHost* liar_ = nullptr;
};

TEST_F(InventedMembersTest, ACrashIsSeenWithinASecond) {
  Cluster(5);
  Lie();
  Crash(2);
  EXPECT_TRUE(RunUntilAllSee(absl::Seconds(1), "failed n2"));
  for (int number : Running()) {
    EXPECT_EQ(VerifiedCount(number), 4);
    EXPECT_EQ(Gossip(number).health_score(), 0);
  }
}

TEST_F(InventedMembersTest, AUserMessageIsWithAllAtOnce) {
  Cluster(5);
  Lie();
  ASSERT_THAT(Gossip(2).Broadcast(wire::Bytes(1000, 'u')), IsOk());
  EXPECT_TRUE(RunUntilAll(absl::Milliseconds(100), [&](int number) {
    return number == 2 || !EventsOf<UserMessageEvent>(number).empty();
  }));
}

TEST_F(InventedMembersTest, AMemberThatIsThereFailsNobody) {
  Cluster(3);
  Lie();
  world_->loop().RunFor(absl::Seconds(30));
  for (int number : Running()) EXPECT_EQ(VerifiedCount(number), 3);
}

TEST_F(InventedMembersTest, ANewcomerIsVerifiedByAllWithinASecond) {
  Cluster(4);
  Lie();
  AddNode();
  StartNode(5);
  EXPECT_TRUE(RunUntilAll(absl::Seconds(1), [&](int number) {
    return VerifiedCount(number) == 5;
  }));
}

TEST_F(InventedMembersTest, WhoIsBackIsVerifiedWithinASecond) {
  Cluster(4);
  Lie();
  Crash(3);
  ASSERT_TRUE(RunUntilAllSee(absl::Seconds(1), "failed n3"));
  At(3).host->Restart();
  StartNode(3);
  EXPECT_TRUE(RunUntilAll(absl::Seconds(1), [&](int number) {
    return VerifiedCount(number) == 4;
  }));
}

// Eight lanes of a tenth of a second and more.
TEST_F(InventedMembersTest, TheyAreAllGivenUpInTheEnd) {
  Cluster(2);
  Lie();
  world_->loop().RunFor(absl::Seconds(240));
  for (int number : Running()) {
    EXPECT_EQ(Gossip(number).unverified(), 0u);
    EXPECT_THAT(Gossip(number).Members(), SizeIs(2));
  }
}

}  // namespace
}  // namespace lb::gossip
