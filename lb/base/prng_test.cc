#include "lb/base/prng.h"

#include <array>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(PrngTest, SameSeedSameNumbersOnEveryMachine) {
  Prng prng(1);
  EXPECT_EQ(prng.Next(), 2469588189546311528u);  // mt19937_64, by the standard.
  EXPECT_EQ(Prng(7).Fork("gossip").Next(), Prng(7).Fork("gossip").Next());
}

TEST(PrngTest, ForkIgnoresWhatWasDrawnBefore) {
  Prng drawn(7);
  drawn.Next();
  EXPECT_EQ(drawn.Fork("a").Next(), Prng(7).Fork("a").Next());
  EXPECT_NE(Prng(7).Fork("a").Next(), Prng(7).Fork("b").Next());
  EXPECT_NE(Prng(7).Fork("a").Next(), Prng(8).Fork("a").Next());
}

TEST(PrngTest, UniformReachesEveryValueAndNoOther) {
  Prng prng(3);
  std::array<int, 6> seen = {};
  for (int i = 0; i < 6000; ++i) ++seen.at(prng.Uniform(6));
  EXPECT_THAT(seen, testing::Each(testing::Gt(850)));
}

TEST(PrngTest, ChanceFollowsItsPercentage) {
  Prng prng(3);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += prng.Chance(20) ? 1 : 0;
  EXPECT_NEAR(hits, 2000, 150);
  EXPECT_FALSE(prng.Chance(0));
  EXPECT_TRUE(prng.Chance(100));
}

TEST(PrngTest, UniformDurationStaysBelowItsLimit) {
  Prng prng(3);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(prng.UniformDuration(absl::Nanoseconds(3)), absl::Nanoseconds(3));
  }
  EXPECT_EQ(prng.UniformDuration(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(prng.UniformDuration(-absl::Seconds(1)), absl::ZeroDuration());
}

TEST(PrngTest, ShuffleKeepsTheItems) {
  std::vector<int> items = {1, 2, 3, 4, 5, 6, 7, 8};
  Prng(5).Shuffle(absl::MakeSpan(items));
  EXPECT_THAT(items, testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(items,
              testing::Not(testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8)));
}

}  // namespace
}  // namespace lb
