#include "lb/kubernetes/back_off.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::kubernetes {
namespace {

TEST(BackOffTest, WaitsAreInTheUpperHalfOfADoublingSpan) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    BackOff back_off({});
    absl::Duration span = absl::Milliseconds(50);
    for (int i = 0; i < 20; ++i) {
      const absl::Duration wait = back_off.Next(prng);
      EXPECT_GE(wait, span / 2);
      EXPECT_LE(wait, span);
      span = std::min(span * 2, absl::Seconds(5));
    }
    EXPECT_EQ(back_off.failures(), 20);
  }
}

TEST(BackOffTest, WithoutAConnectionWaitsStayShort) {
  Prng prng(1);
  BackOff back_off({});
  for (int i = 0; i < 20; ++i) back_off.Next(prng);
  EXPECT_GE(back_off.Next(prng), absl::Milliseconds(2500));
  for (int i = 0; i < 20; ++i) {
    const absl::Duration wait = back_off.NextUnconnected(prng);
    EXPECT_GE(wait, absl::Milliseconds(500));
    EXPECT_LE(wait, absl::Seconds(1));
  }
  // The server is there, and refuses: the waits grow from there.
  EXPECT_LE(back_off.Next(prng), absl::Seconds(1));
  EXPECT_GE(back_off.Next(prng), absl::Seconds(1));
  EXPECT_GE(back_off.Next(prng), absl::Seconds(2));
}

TEST(BackOffTest, WithoutAConnectionWaitsBeginAsOthers) {
  Prng prng(1);
  BackOff back_off({});
  EXPECT_LE(back_off.NextUnconnected(prng), absl::Milliseconds(50));
  EXPECT_GE(back_off.NextUnconnected(prng), absl::Milliseconds(50));
}

TEST(BackOffTest, BeginsAgainAfterAReset) {
  Prng prng(1);
  BackOff back_off({});
  for (int i = 0; i < 20; ++i) back_off.Next(prng);
  back_off.Reset();
  EXPECT_EQ(back_off.failures(), 0);
  EXPECT_LE(back_off.Next(prng), absl::Milliseconds(50));
}

TEST(BackOffTest, AServersWishCountsIfItIsLonger) {
  Prng prng(1);
  BackOff back_off({});
  const absl::Duration wait = back_off.Next(prng, absl::Seconds(4));
  EXPECT_GE(wait, absl::Seconds(4));
  EXPECT_LE(wait, absl::Seconds(5));
  EXPECT_GT(back_off.Next(prng, absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(BackOffTest, AnOwnWaitMayBeCutShortOnce) {
  Prng prng(1);
  BackOff back_off({});
  EXPECT_FALSE(back_off.TakeOwnWait());
  back_off.Next(prng);
  EXPECT_TRUE(back_off.TakeOwnWait());
  EXPECT_FALSE(back_off.TakeOwnWait());
  back_off.Next(prng, absl::Seconds(4));
  EXPECT_FALSE(back_off.TakeOwnWait()) << "the server asked for it";
}

TEST(BackOffTest, AServersWishIsBounded) {
  Prng prng(1);
  BackOff back_off({});
  EXPECT_LE(back_off.Next(prng, absl::Hours(1000)), absl::Seconds(75));
  EXPECT_LE(back_off.Next(prng, absl::InfiniteDuration()), absl::Seconds(75));
}

TEST(BackOffTest, TwoClientsDoNotComeBackTogether) {
  Prng first(1);
  Prng second(2);
  BackOff a({});
  BackOff b({});
  EXPECT_NE(a.Next(first, absl::Seconds(1)), b.Next(second, absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::kubernetes
