#include "daemon/agent/member_macs.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::Eq;
using ::testing::Optional;

net::MacAddress Mac(uint8_t last) { return {{2, 0, 0, 0, 0, last}}; }

NodeMetadata With(uint8_t last) {
  return {.interfaces = {{{"eth0", Mac(last)}}}};
}

TEST(MemberMacsTest, KnowsWhatMembersSaid) {
  MemberMacs macs(10);
  macs.Learn("n1", {.interfaces = {{{"eth0", Mac(1)}, {"eth1", Mac(2)}}}});
  macs.Learn("n2", {});
  EXPECT_THAT(macs.NodeOf(Mac(2)), Optional(std::string("n1")));
  EXPECT_THAT(macs.NodeOf(Mac(3)), Eq(std::nullopt));
}

TEST(MemberMacsTest, AMacBelongsToWhoClaimedItLast) {
  MemberMacs macs(10);
  macs.Learn("n1", With(1));
  macs.Learn("n2", With(1));
  EXPECT_THAT(macs.NodeOf(Mac(1)), Optional(std::string("n2")));
  EXPECT_EQ(macs.size(), 1u);
}

TEST(MemberMacsTest, ForgetsTheLeastRecentlyHeard) {
  MemberMacs macs(2);
  macs.Learn("n1", With(1));
  macs.Learn("n2", With(2));
  macs.Learn("n1", With(1));
  macs.Learn("n3", With(3));
  EXPECT_EQ(macs.size(), 2u);
  EXPECT_THAT(macs.NodeOf(Mac(1)), Optional(std::string("n1")));
  EXPECT_THAT(macs.NodeOf(Mac(2)), Eq(std::nullopt));
}

}  // namespace
}  // namespace lb
