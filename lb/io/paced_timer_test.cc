#include "lb/io/paced_timer.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"

namespace lb::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kInterval = absl::Milliseconds(10);

class PacedTimerTest : public testing::Test {
 protected:
  absl::Time At(int milliseconds) const {
    return start_ + absl::Milliseconds(milliseconds);
  }
  // Runs until then; tells when the timer has fired.
  std::vector<int64_t> FiringsUntil(int milliseconds) {
    world_.loop().RunFor(At(milliseconds) - world_.loop().Now());
    return std::exchange(fired_, {});
  }

  SimWorld world_{/*seed=*/1};
  Loop* const loop_ = world_.AddHost("n1", "10.1.0.1/24")->environment().loop;
  const absl::Time start_ = loop_->Now();
  std::vector<int64_t> fired_;
  PacedTimer timer_{
      loop_, [this] {
        fired_.push_back(absl::ToInt64Milliseconds(loop_->Now() - start_));
      }};
};

TEST_F(PacedTimerTest, FiresOnceAndAtOnce) {
  EXPECT_THAT(FiringsUntil(5), IsEmpty());
  timer_.ArmBy(At(5), kInterval);
  timer_.ArmBy(At(5), kInterval);
  EXPECT_THAT(FiringsUntil(100), ElementsAre(5));
}

TEST_F(PacedTimerTest, KeepsTheIntervalAfterAFewFirings) {
  for (int i = 0; i < 6; ++i) {
    timer_.ArmBy(At(i), kInterval);
    if (i == 5) break;
    FiringsUntil(i);
  }
  EXPECT_THAT(FiringsUntil(50), ElementsAre(10));
  // It has had its rest.
  for (int i = 50; i < 53; ++i) {
    timer_.ArmBy(At(i), kInterval);
    EXPECT_THAT(FiringsUntil(i), ElementsAre(i));
  }
  timer_.ArmBy(At(53), kInterval);
  EXPECT_THAT(FiringsUntil(100), ElementsAre(60));
}

TEST_F(PacedTimerTest, TheEarlierDeadlineCounts) {
  timer_.ArmBy(At(30), kInterval);
  timer_.ArmBy(At(20), kInterval);
  timer_.ArmBy(At(40), kInterval);
  EXPECT_THAT(FiringsUntil(100), ElementsAre(20));
}

// One that is armed keeps its time if the interval has grown meanwhile.
TEST_F(PacedTimerTest, ALaterIntervalPutsNothingOff) {
  for (int i = 0; i < 3; ++i) {
    timer_.ArmBy(At(i), kInterval);
    FiringsUntil(i);
  }
  timer_.ArmBy(At(3), kInterval);
  timer_.ArmBy(At(3), 10 * kInterval);
  EXPECT_THAT(FiringsUntil(50), ElementsAre(10));
}

// The rest of a great change is on the next turns; it is no news.
TEST_F(PacedTimerTest, WhatGoesOnFiresAtOnceAndDoesNotCount) {
  timer_.ArmBy(At(0), kInterval);
  EXPECT_THAT(FiringsUntil(0), ElementsAre(0));
  for (int i = 0; i < 5; ++i) {
    timer_.GoOn();
    timer_.ArmBy(At(20), kInterval);
    EXPECT_THAT(FiringsUntil(0), ElementsAre(0));
  }
  for (int i = 1; i < 3; ++i) {
    timer_.ArmBy(At(i), kInterval);
    EXPECT_THAT(FiringsUntil(i), ElementsAre(i));
  }
  timer_.ArmBy(At(3), kInterval);
  EXPECT_THAT(FiringsUntil(50), ElementsAre(10));
}

// Firings under a long interval weigh no more than others: of a great change
// each portion follows the one before by the short interval.
TEST_F(PacedTimerTest, AShorterIntervalCountsAtOnce) {
  for (int i = 0; i < 3; ++i) {
    timer_.ArmBy(At(i), 10 * kInterval);
    FiringsUntil(i);
  }
  timer_.ArmBy(At(3), kInterval);
  EXPECT_THAT(FiringsUntil(90), ElementsAre(11));
}

}  // namespace
}  // namespace lb::io
