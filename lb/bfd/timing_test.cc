#include "lb/bfd/timing.h"

#include "gtest/gtest.h"

namespace lb::bfd {
namespace {

constexpr absl::Duration Ms(int64_t count) { return absl::Milliseconds(count); }

TEST(TimingTest, TheSlowerOfBothEndsCounts) {
  EXPECT_EQ(TransmitInterval(Ms(50), Ms(300)), Ms(300));
  EXPECT_EQ(TransmitInterval(Ms(300), Ms(50)), Ms(300));
  EXPECT_EQ(TransmitInterval(Ms(300), absl::Microseconds(1)), Ms(300));
  EXPECT_EQ(TransmitInterval(Ms(300), Ms(0)), absl::InfiniteDuration());
}

TEST(TimingTest, ThePeersMultiplierCounts) {
  EXPECT_EQ(DetectionTime(3, Ms(50), Ms(300)), Ms(900));
  EXPECT_EQ(DetectionTime(3, Ms(300), Ms(50)), Ms(900));
  EXPECT_EQ(DetectionTime(1, Ms(50), Ms(0)), Ms(50));
  EXPECT_EQ(DetectionTime(255, absl::Microseconds(UINT32_MAX), Ms(0)),
            255 * absl::Microseconds(UINT32_MAX));
}

TEST(TimingTest, JitterKeepsItsBounds) {
  Prng prng(1);
  const struct {
    int multiplier;
    absl::Duration most;
  } rows[] = {{1, Ms(90)}, {2, Ms(100)}, {3, Ms(100)}, {255, Ms(100)}};
  for (const auto& row : rows) {
    absl::Duration least_seen = absl::InfiniteDuration();
    absl::Duration most_seen;
    for (int i = 0; i < 10'000; ++i) {
      const absl::Duration wait = Jittered(Ms(100), row.multiplier, prng);
      least_seen = std::min(least_seen, wait);
      most_seen = std::max(most_seen, wait);
    }
    EXPECT_GE(least_seen, Ms(75));
    EXPECT_LE(most_seen, row.most);
    // All of the range is used.
    EXPECT_LT(least_seen, Ms(76));
    EXPECT_GT(most_seen, row.most - Ms(1));
  }
  EXPECT_EQ(Jittered(absl::InfiniteDuration(), 3, prng),
            absl::InfiniteDuration());
}

}  // namespace
}  // namespace lb::bfd
