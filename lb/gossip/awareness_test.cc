#include "lb/gossip/awareness.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

TEST(AwarenessTest, StaysInsideItsBounds) {
  const struct {
    int delta;
    int score;
  } steps[] = {{-1, 0}, {3, 3}, {-1, 2}, {100, 7}, {1, 7}, {-100, 0}};
  Awareness awareness(/*max_multiplier=*/8);
  for (const auto& [delta, score] : steps) {
    awareness.Apply(delta);
    EXPECT_EQ(awareness.score(), score) << "after " << delta;
  }
}

TEST(AwarenessTest, ScalesByOneMoreThanTheScore) {
  Awareness awareness(8);
  EXPECT_EQ(awareness.Scale(absl::Seconds(1)), absl::Seconds(1));
  awareness.Apply(2);
  EXPECT_EQ(awareness.Scale(absl::Seconds(1)), absl::Seconds(3));
}

TEST(AwarenessTest, NeverScalesWithMultiplierOne) {
  Awareness awareness(1);
  awareness.Apply(5);
  EXPECT_EQ(awareness.Scale(absl::Seconds(1)), absl::Seconds(1));
}

}  // namespace
}  // namespace lb::gossip
