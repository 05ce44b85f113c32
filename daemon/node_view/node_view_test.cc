#include "daemon/node_view/node_view.h"

#include <string>

#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class NodeViewTest : public testing::Test {
 protected:
  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
};

TEST_F(NodeViewTest, IsReadyInTheStagesThatAct) {
  EXPECT_TRUE(node_.View().ready());
  node_.stage = LifeStage::kHandingOver;
  EXPECT_TRUE(node_.View().ready());
  node_.stage = LifeStage::kAwaiting;
  EXPECT_FALSE(node_.View().ready());
}

TEST_F(NodeViewTest, ANodeThatSaidGoodbyeIsNoMember) {
  EXPECT_THAT(node_.View().LiveMembers(), SizeIs(1));
  node_.stage = LifeStage::kSayingGoodbye;
  EXPECT_THAT(node_.View().LiveMembers(), SizeIs(1));
  node_.stage = LifeStage::kDelivering;
  EXPECT_THAT(node_.View().LiveMembers(), IsEmpty());
}

// The civil clock may have jumped since.
TEST_F(NodeViewTest, TellsTimesOfTheLoopInCivilTime) {
  world_.loop().RunFor(absl::Hours(1));
  const NodeView view = node_.View();
  EXPECT_EQ(view.ToCivil(view.now), view.civil_now);
  EXPECT_EQ(view.ToCivil(view.now - absl::Minutes(5)),
            view.civil_now - absl::Minutes(5));
}

TEST_F(NodeViewTest, RefersToWhatThePartsHaveNow) {
  const NodeView view = node_.View();
  EXPECT_THAT(view.entries(), IsEmpty());
  node_.Want("default/a");
  world_.loop().RunFor(absl::Seconds(1));
  node_.Elect();
  EXPECT_THAT(view.entries(), SizeIs(1));
  EXPECT_THAT(view.placement(), SizeIs(1));
}

}  // namespace
}  // namespace lb
