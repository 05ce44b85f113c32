#include "lb/gossip/prober.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

using Step = Prober::Step;

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr absl::Duration kTimeout = absl::Milliseconds(500);
constexpr absl::Duration kInterval = absl::Seconds(1);

class ProberTest : public testing::Test {
 protected:
  ProberTest() {
    prober_.Begin(kStart, {.name = "x", .sequence = 7}, kTimeout, kInterval);
  }
  Step At(absl::Duration after) { return prober_.OnTimer(kStart + after); }

  Prober prober_;
};

TEST_F(ProberTest, AckEndsItWell) {
  EXPECT_EQ(prober_.NextDeadline(), kStart + kTimeout);
  EXPECT_EQ(prober_.OnAck(7), Step::kSucceeded);
  EXPECT_EQ(prober_.health_delta(), -1);
  EXPECT_FALSE(prober_.running());
  EXPECT_EQ(prober_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(prober_.OnAck(7), Step::kNone);  // Only once.
}

TEST_F(ProberTest, AckOfAnotherPingIsNotHeard) {
  EXPECT_EQ(prober_.OnAck(6), Step::kNone);
  EXPECT_TRUE(prober_.running());
}

TEST_F(ProberTest, AsksOthersOnceAfterTheTimeout) {
  EXPECT_EQ(At(absl::Milliseconds(499)), Step::kNone);
  EXPECT_EQ(At(kTimeout), Step::kAskOthers);
  EXPECT_EQ(At(absl::Milliseconds(600)), Step::kNone);
  EXPECT_EQ(prober_.NextDeadline(), kStart + kInterval);
}

TEST_F(ProberTest, LateAckCountsUntilTheInterval) {
  EXPECT_EQ(At(kTimeout), Step::kAskOthers);
  prober_.OnAsked(3, {});
  EXPECT_EQ(prober_.OnAck(7), Step::kSucceeded);
  EXPECT_EQ(prober_.health_delta(), -1);
}

TEST_F(ProberTest, FailureIsOursAsFarAsHelpersWereSilent) {
  const struct {
    int expected;
    int nacks;
    int health_delta;
  } cases[] = {{0, 0, 1}, {3, 3, 0}, {3, 1, 2}, {3, 0, 3}, {3, 9, 0}};
  for (const auto& [expected, nacks, health_delta] : cases) {
    SCOPED_TRACE(testing::Message() << nacks << " of " << expected);
    Prober prober;
    prober.Begin(kStart, {.name = "x", .sequence = 7}, kTimeout, kInterval);
    EXPECT_EQ(prober.OnTimer(kStart + kTimeout), Step::kAskOthers);
    prober.OnAsked(expected, {});
    for (int i = 0; i < nacks; ++i) prober.OnNack(7);
    prober.OnNack(8);
    EXPECT_EQ(prober.OnTimer(kStart + kInterval), Step::kFailed);
    EXPECT_EQ(prober.health_delta(), health_delta);
  }
}

TEST_F(ProberTest, FailedSendAsksOthersAtOnce) {
  EXPECT_EQ(prober_.OnSendFailed(), Step::kAskOthers);
  EXPECT_EQ(prober_.OnSendFailed(), Step::kNone);
  EXPECT_EQ(At(kTimeout), Step::kNone);
  EXPECT_EQ(At(kInterval), Step::kFailed);
}

TEST_F(ProberTest, CancelGivesNoVerdict) {
  prober_.Cancel();
  EXPECT_EQ(At(kInterval), Step::kNone);
  EXPECT_EQ(prober_.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ProberTest, ShiftMovesBothDeadlines) {
  prober_.Shift(absl::Seconds(5));
  EXPECT_EQ(At(absl::Seconds(5)), Step::kNone);
  EXPECT_EQ(At(absl::Milliseconds(5500)), Step::kAskOthers);
  EXPECT_EQ(At(absl::Milliseconds(6000)), Step::kFailed);
}

}  // namespace
}  // namespace lb::gossip
