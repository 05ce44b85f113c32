#include "daemon/agent/look_timer.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kInterval = absl::Milliseconds(10);

class LookTimerTest : public testing::Test {
 protected:
  void RunFor(int milliseconds) {
    loop_.RunFor(absl::Milliseconds(milliseconds));
  }

  io::SimLoop loop_;
  const absl::Time start_ = loop_.Now();
  std::vector<int64_t> looks_;  // Milliseconds since the start.
  LookTimer timer_{
      &loop_, [this] {
        looks_.push_back(absl::ToInt64Milliseconds(timer_.Begin() - start_));
      }};
};

TEST_F(LookTimerTest, TheFirstInputIsLookedAtOnTheNextTurn) {
  timer_.Schedule(kInterval);
  EXPECT_THAT(looks_, IsEmpty());
  RunFor(0);
  EXPECT_THAT(looks_, ElementsAre(0));
}

TEST_F(LookTimerTest, ALookThatIsPutOffIsDueAgainSoon) {
  timer_.PutOff();
  RunFor(4);
  EXPECT_THAT(looks_, IsEmpty());
  RunFor(10);
  EXPECT_THAT(looks_, ElementsAre(5));
}

// A service's objects, its status, and the record of it on disk.
TEST_F(LookTimerTest, AFewInputsDoNotWait) {
  for (int i = 0; i < 3; ++i) {
    timer_.Schedule(kInterval);
    RunFor(2);
  }
  EXPECT_THAT(looks_, ElementsAre(0, 2, 4));
}

TEST_F(LookTimerTest, MoreInputsWithinTheIntervalAreLookedAtTogether) {
  timer_.Schedule(kInterval);
  for (int i = 0; i < 9; ++i) {
    RunFor(1);
    timer_.Schedule(kInterval);
  }
  RunFor(100);
  EXPECT_THAT(looks_, ElementsAre(0, 1, 2, 10));
}

// News each millisecond, for ever, must not starve the look.
TEST_F(LookTimerTest, MoreInputsPutNothingOff) {
  for (int i = 0; i < 25; ++i) {
    timer_.Schedule(kInterval);
    RunFor(1);
  }
  EXPECT_THAT(looks_, ElementsAre(0, 1, 2, 10, 20));
}

TEST_F(LookTimerTest, AnInputAfterTheIntervalIsLookedAtOnTheNextTurn) {
  timer_.Schedule(kInterval);
  RunFor(50);
  timer_.Schedule(kInterval);
  RunFor(0);
  EXPECT_THAT(looks_, ElementsAre(0, 50));
}

// As when a node leaves: it looks within that call.
TEST_F(LookTimerTest, ALookThatWasNotDueCountsForTheInterval) {
  timer_.Schedule(kInterval);
  RunFor(5);
  for (int i = 0; i < 3; ++i) timer_.Begin();
  timer_.Schedule(kInterval);
  RunFor(100);
  EXPECT_THAT(looks_, ElementsAre(0, 20));
}

}  // namespace
}  // namespace lb
