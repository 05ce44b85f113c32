#include "lb/gossip/gossip_rounds.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GossipRoundsTest : public PartTest {
 protected:
  GossipRounds rounds_{*state_, now_};
};

TEST_F(GossipRoundsTest, HaveNoClockWhileThereIsNothingToSay) {
  EXPECT_EQ(rounds_.NextDeadline(), absl::InfiniteFuture());
  Know("b");
  const absl::Time first = rounds_.NextDeadline();
  EXPECT_LE(first, now_ + state_->options.dissemination.interval);
  Flush();
  while (!state_->roster.broadcasts().empty()) Flush();
  EXPECT_EQ(rounds_.NextDeadline(), absl::InfiniteFuture());
  // It goes on in step.
  now_ = first + 10 * state_->options.dissemination.interval;
  rounds_.CatchUp(now_);
  Hear("c");
  EXPECT_EQ(rounds_.NextDeadline(),
            now_ + state_->options.dissemination.interval);
}

TEST_F(GossipRoundsTest, SendNewsWhenTheyAreDue) {
  Know("b");
  rounds_.OnTimer(rounds_.NextDeadline() - absl::Nanoseconds(1));
  EXPECT_THAT(Sent(), IsEmpty());
  rounds_.OnTimer(rounds_.NextDeadline());
  EXPECT_THAT(Sent(), ElementsAre("b: alive self, alive b"));
}

TEST_F(GossipRoundsTest, RunOutOfTurnOncePerInterval) {
  Know("b");
  rounds_.RunAtOnce(now_);
  EXPECT_THAT(Sent(), ElementsAre("b: alive self, alive b"));
  rounds_.RunAtOnce(now_ + absl::Milliseconds(1));
  EXPECT_THAT(Sent(), IsEmpty());
  rounds_.RunAtOnce(now_ + state_->options.dissemination.interval);
  EXPECT_THAT(Sent(), ElementsAre("b: alive self, alive b"));
}

TEST_F(GossipRoundsTest, SendUserMessagesToVerifiedMembersOnly) {
  Know("b");
  Hear("c");
  while (!state_->roster.broadcasts().empty()) Flush();
  ASSERT_THAT(rounds_.QueueUserMessage(now_, {'x'}), IsOk());
  EXPECT_THAT(Sent(), ElementsAre("b: user message"));
}

TEST_F(GossipRoundsTest, BoundTheUserMessagesThatWait) {
  Know("b");  // With no member none waits.
  for (size_t i = 0; i < state_->options.dissemination.user_messages_max; ++i) {
    ASSERT_THAT(rounds_.QueueUserMessage(now_, {'x'}), IsOk());
  }
  EXPECT_THAT(rounds_.QueueUserMessage(now_, {'x'}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(state_->counters.overflow.user_messages, 1u);
}

}  // namespace
}  // namespace lb::gossip
