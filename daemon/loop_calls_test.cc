#include "daemon/loop_calls.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using ::testing::ElementsAre;

class LoopCallsTest : public testing::Test {
 protected:
  absl::Status Post(int number) {
    return calls_.Post([this, number] { done_.push_back(number); });
  }

  io::SimLoop loop_;
  LoopCalls calls_{&loop_};
  std::vector<int> done_;
};

TEST_F(LoopCallsTest, AnswersOneInEachTurn) {
  for (int n = 1; n <= 3; ++n) EXPECT_THAT(Post(n), IsOk());
  // Other work of the loop comes between the calls.
  loop_.Post([this] {
    done_.push_back(-1);
    loop_.Post([this] { done_.push_back(-2); });
  });
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(done_, ElementsAre(-1, 1, -2, 2, 3));
}

TEST_F(LoopCallsTest, RefusesWhatIsTooMuch) {
  for (size_t n = 0; n < LoopCalls::kWaitingMax; ++n) {
    EXPECT_THAT(Post(0), IsOk());
  }
  EXPECT_THAT(Post(1), StatusIs(absl::StatusCode::kResourceExhausted,
                                "256 calls wait already, want fewer at one "
                                "time"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(done_.size(), LoopCalls::kWaitingMax);
  EXPECT_THAT(Post(2), IsOk());
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(done_.back(), 2);
}

TEST_F(LoopCallsTest, ACallMayLeadToAnother) {
  EXPECT_THAT(calls_.Post([this] { EXPECT_THAT(Post(2), IsOk()); }), IsOk());
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(done_, ElementsAre(2));
}

TEST_F(LoopCallsTest, CountsWhatIsUnread) {
  calls_.AddUnread(LoopCalls::kUnreadBytesMax - 1);
  EXPECT_THAT(calls_.CheckUnread(), IsOk());
  calls_.AddUnread(5);
  EXPECT_THAT(calls_.CheckUnread(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "4194308 bytes of answers are unread, want fewer"));
  calls_.SubtractUnread(5);
  EXPECT_THAT(calls_.CheckUnread(), IsOk());
}

}  // namespace
}  // namespace lb
