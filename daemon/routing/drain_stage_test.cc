#include "daemon/routing/drain_stage.h"

#include <string>

#include "gtest/gtest.h"
#include "lb/bgp/route.h"

namespace lb {
namespace {

constexpr absl::Duration kWait = absl::Seconds(5);

net::IpPrefix Prefix(const char* text) { return *net::ParseIpPrefix(text); }

class DrainStageTest : public testing::Test {
 protected:
  DrainStageTest() {
    for (const char* prefix : {"192.0.2.1/32", "192.0.2.2/32"}) {
      EXPECT_TRUE(routes_.Set({Prefix(prefix), {}}).ok());
    }
  }
  bool Follow(absl::Duration after, bool draining) {
    now_ += after;
    return drain_.Follow(now_, draining, [&] {
      ++asked_;
      return only_here_;
    });
  }
  std::string Told() const { return drain_.Told(routes_).ToString(); }

  absl::Time now_ = absl::UnixEpoch();
  bgp::RouteSet routes_;
  DrainStage::Prefixes only_here_;
  int asked_ = 0;
  DrainStage drain_{kWait};
};

TEST_F(DrainStageTest, GoesFromAllToTheLastResortToTheRest) {
  EXPECT_FALSE(Follow(absl::ZeroDuration(), false));
  EXPECT_TRUE(drain_.is_off());
  EXPECT_EQ(Told(), "192.0.2.1/32\n192.0.2.2/32\n");
  EXPECT_TRUE(Follow(absl::ZeroDuration(), true));
  EXPECT_FALSE(drain_.is_off());
  EXPECT_EQ(Told(),
            "192.0.2.1/32 communities 65535:0\n"
            "192.0.2.2/32 communities 65535:0\n");
  EXPECT_EQ(drain_.deadline(), now_ + kWait);
  EXPECT_FALSE(Follow(kWait - absl::Seconds(1), true));
  EXPECT_EQ(asked_, 0);
  only_here_ = {Prefix("192.0.2.2/32")};
  EXPECT_TRUE(Follow(absl::Seconds(1), true));
  EXPECT_EQ(Told(), "192.0.2.2/32 communities 65535:0\n");
  EXPECT_EQ(drain_.deadline(), absl::InfiniteFuture());
  EXPECT_TRUE(Follow(absl::ZeroDuration(), false));
  EXPECT_EQ(Told(), "192.0.2.1/32\n192.0.2.2/32\n");
}

TEST_F(DrainStageTest, TheRestIsFoundAgainAfterAChangeOnly) {
  Follow(absl::ZeroDuration(), true);
  Follow(kWait, true);
  EXPECT_EQ(asked_, 1);
  EXPECT_FALSE(Follow(kWait, true));
  EXPECT_EQ(asked_, 1);
  drain_.NoteChange();
  EXPECT_FALSE(Follow(absl::ZeroDuration(), true)) << "it is the same";
  EXPECT_EQ(asked_, 2);
  only_here_ = {Prefix("192.0.2.1/32")};
  drain_.NoteChange();
  EXPECT_TRUE(Follow(absl::ZeroDuration(), true));
  EXPECT_EQ(Told(), "192.0.2.1/32 communities 65535:0\n");
}

TEST_F(DrainStageTest, ADrainThatEndsEarlyBeginsAgainFromTheStart) {
  Follow(absl::ZeroDuration(), true);
  Follow(absl::Seconds(4), false);
  EXPECT_EQ(drain_.deadline(), absl::InfiniteFuture());
  Follow(absl::Seconds(4), true);
  EXPECT_EQ(drain_.deadline(), now_ + kWait);
}

}  // namespace
}  // namespace lb
