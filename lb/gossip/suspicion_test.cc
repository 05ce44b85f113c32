#include "lb/gossip/suspicion.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Time kStart = absl::UnixEpoch();

SuspicionTimes Lan() {
  return {
      .min = absl::Seconds(4), .max = absl::Seconds(24), .confirmations = 2};
}

TEST(SuspicionTest, ShrinksWithEachNewAccuser) {
  Suspicion suspicion(kStart, "a", Lan());
  EXPECT_EQ(suspicion.deadline(), kStart + absl::Seconds(24));
  EXPECT_TRUE(suspicion.Confirm(kStart, "b"));
  EXPECT_EQ(suspicion.deadline(), kStart + absl::Milliseconds(11381));
  EXPECT_TRUE(suspicion.Confirm(kStart, "c"));
  EXPECT_EQ(suspicion.deadline(), kStart + absl::Seconds(4));
}

TEST(SuspicionTest, FourConfirmationsFollowTheReferenceTable) {
  Suspicion suspicion(kStart, "a",
                      {.min = absl::Seconds(30),
                       .max = absl::Seconds(180),
                       .confirmations = 4});
  for (const auto& [from, ms] : {std::pair<const char*, int>{"b", 115398},
                                 {"c", 77609},
                                 {"d", 50797},
                                 {"e", 30000}}) {
    EXPECT_TRUE(suspicion.Confirm(kStart, from));
    EXPECT_EQ(suspicion.deadline(), kStart + absl::Milliseconds(ms)) << from;
  }
}

TEST(SuspicionTest, IsDueAtOnceIfItsShorterTimeIsOver) {
  Suspicion suspicion(kStart, "a", Lan());
  const absl::Time later = kStart + absl::Seconds(15);
  EXPECT_TRUE(suspicion.Confirm(later, "b"));
  EXPECT_EQ(suspicion.deadline(), later);
}

TEST(SuspicionTest, CountsNobodyTwice) {
  Suspicion suspicion(kStart, "a", Lan());
  EXPECT_FALSE(suspicion.Confirm(kStart, "a"));
  EXPECT_TRUE(suspicion.Confirm(kStart, "b"));
  EXPECT_FALSE(suspicion.Confirm(kStart, "b"));
}

TEST(SuspicionTest, HearsNoMoreThanItNeeds) {
  Suspicion suspicion(kStart, "a", Lan());
  EXPECT_TRUE(suspicion.Confirm(kStart, "b"));
  EXPECT_TRUE(suspicion.Confirm(kStart, "c"));
  EXPECT_FALSE(suspicion.Confirm(kStart, "d"));
}

TEST(SuspicionTest, IsShortAtOnceIfNobodyCanConfirm) {
  SuspicionTimes times = Lan();
  times.confirmations = 0;
  Suspicion suspicion(kStart, "a", times);
  EXPECT_EQ(suspicion.deadline(), kStart + absl::Seconds(4));
  EXPECT_FALSE(suspicion.Confirm(kStart, "b"));
}

TEST(SuspicionsTest, ExpireInTheirOrder) {
  Suspicions suspicions;
  EXPECT_EQ(suspicions.NextDeadline(), absl::InfiniteFuture());
  suspicions.Start(kStart, "x", "a", Lan());
  suspicions.Start(kStart + absl::Seconds(1), "y", "a", Lan());
  EXPECT_TRUE(suspicions.Confirm(kStart, "y", "b"));
  EXPECT_EQ(suspicions.NextDeadline(), kStart + absl::Milliseconds(12381));
  EXPECT_THAT(suspicions.TakeExpired(kStart + absl::Seconds(12)), IsEmpty());
  EXPECT_THAT(suspicions.TakeExpired(kStart + absl::Seconds(30)),
              ElementsAre("y", "x"));
  EXPECT_FALSE(suspicions.Contains("x"));
  EXPECT_EQ(suspicions.NextDeadline(), absl::InfiniteFuture());
}

TEST(SuspicionsTest, CancelledOnesDoNotExpire) {
  Suspicions suspicions;
  suspicions.Start(kStart, "x", "a", Lan());
  suspicions.Cancel("x");
  suspicions.Cancel("unknown");
  EXPECT_EQ(suspicions.NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(suspicions.TakeExpired(kStart + absl::Hours(1)), IsEmpty());
}

TEST(SuspicionsTest, ShiftMovesAllDeadlines) {
  Suspicions suspicions;
  suspicions.Start(kStart, "x", "a", Lan());
  suspicions.Shift(absl::Seconds(5));
  EXPECT_EQ(suspicions.NextDeadline(), kStart + absl::Seconds(29));
  EXPECT_TRUE(suspicions.Confirm(kStart, "x", "b"));
  suspicions.Cancel("x");
  EXPECT_EQ(suspicions.NextDeadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lb::gossip
