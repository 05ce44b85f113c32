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
    BackOff back_off({}, Prng(seed));
    absl::Duration span = absl::Milliseconds(50);
    for (int i = 0; i < 20; ++i) {
      const absl::Duration wait = back_off.Next();
      EXPECT_GE(wait, span / 2);
      EXPECT_LE(wait, span);
      span = std::min(span * 2, absl::Seconds(5));
    }
    EXPECT_EQ(back_off.failures(), 20);
  }
}

TEST(BackOffTest, BeginsAgainAfterAReset) {
  BackOff back_off({}, Prng(1));
  for (int i = 0; i < 20; ++i) back_off.Next();
  back_off.Reset();
  EXPECT_EQ(back_off.failures(), 0);
  EXPECT_LE(back_off.Next(), absl::Milliseconds(50));
}

TEST(BackOffTest, AServersWishCountsIfItIsLonger) {
  BackOff back_off({}, Prng(1));
  const absl::Duration wait = back_off.Next(absl::Seconds(4));
  EXPECT_GE(wait, absl::Seconds(4));
  EXPECT_LE(wait, absl::Seconds(5));
  EXPECT_GT(back_off.Next(absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(BackOffTest, AServersWishIsBounded) {
  BackOff back_off({}, Prng(1));
  EXPECT_LE(back_off.Next(absl::Hours(1000)), absl::Seconds(75));
  EXPECT_LE(back_off.Next(absl::InfiniteDuration()), absl::Seconds(75));
}

TEST(BackOffTest, TwoClientsDoNotComeBackTogether) {
  BackOff a({}, Prng(1));
  BackOff b({}, Prng(2));
  EXPECT_NE(a.Next(absl::Seconds(1)), b.Next(absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::kubernetes
