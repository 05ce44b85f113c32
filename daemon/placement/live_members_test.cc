#include "daemon/placement/live_members.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(LiveMembersTest, AMemberTellsWhatItSaysOfItself) {
  const std::vector<gossip::Member> heard = {
      {.name = "n1", .meta = SerializeNodeMetadata({.draining = true})},
      {.name = "n2", .meta = SerializeNodeMetadata({})}};
  const auto live = LiveMembersOf(heard, "");
  ASSERT_THAT(live, SizeIs(2));
  EXPECT_EQ(live[0].name, "n1");
  EXPECT_TRUE(live[0].metadata->draining);
  EXPECT_FALSE(live[1].metadata->draining);
}

TEST(LiveMembersTest, AMemberWithoutMetadataIsNoLbd) {
  const auto live = LiveMembersOf({{.name = "speaker"}}, "");
  ASSERT_THAT(live, SizeIs(1));
  EXPECT_EQ(live[0].metadata, std::nullopt);
}

// The gossip of a node has that node as long as it runs.
TEST(LiveMembersTest, ANodeThatSaidGoodbyeDoesNotCount) {
  EXPECT_THAT(LiveMembersOf({{.name = "n1"}}, "n1"), IsEmpty());
  EXPECT_THAT(LiveMembersOf({{.name = "n1"}}, "n2"), SizeIs(1));
}

}  // namespace
}  // namespace lb
