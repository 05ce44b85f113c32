#include "lb/gossip/exchange_schedule.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ExchangeScheduleTest : public PartTest {
 protected:
  ExchangeSchedule schedule_{*state_, root_, now_};
};

TEST_F(ExchangeScheduleTest, ExchangesWithAMemberEachInterval) {
  Know("b");
  const absl::Time first = schedule_.NextDeadline();
  EXPECT_LE(first, now_ + state_->options.streams.push_pull_interval);
  schedule_.OnTimer(first);
  EXPECT_THAT(Opened(), ElementsAre("b"));
  EXPECT_EQ(schedule_.NextDeadline(),
            first + state_->options.streams.push_pull_interval);
}

TEST_F(ExchangeScheduleTest, ExchangesWithNoMemberAfterTheGoodbye) {
  Know("b");
  state_->roster.Leave(now_);
  schedule_.reconnects().AddSeed(now_, At(3));
  schedule_.OnTimer(schedule_.NextDeadline());
  EXPECT_THAT(Opened(), IsEmpty());
}

TEST_F(ExchangeScheduleTest, TriesSeedsAtOnceAndAgainLater) {
  schedule_.reconnects().AddSeed(now_, At(2));
  EXPECT_EQ(schedule_.NextDeadline(), now_);
  schedule_.RunRejoin(now_);
  EXPECT_THAT(Opened(), ElementsAre("b"));
  EXPECT_GT(schedule_.NextDeadline(), now_);
  state_->requests.End(1);
  now_ += state_->options.reconnect.interval_max;
  schedule_.RunRejoin(now_);
  EXPECT_THAT(Opened(), ElementsAre("b"));
}

TEST_F(ExchangeScheduleTest, JoinsOverHalfOfTheStreams) {
  for (uint32_t i = 2; i < 20; ++i) schedule_.reconnects().AddSeed(now_, At(i));
  schedule_.RunRejoin(now_);
  EXPECT_THAT(Opened(), SizeIs(state_->options.streams.requests_max / 2));
}

TEST_F(ExchangeScheduleTest, SpreadsOverAQuarterOfTheStreams) {
  for (const char* name : {"b", "c", "d", "e"}) Know(name);
  schedule_.AskForBurst(now_);
  EXPECT_THAT(Opened(), SizeIs(state_->options.streams.requests_max / 4));
  state_->requests.End(1);
  schedule_.GoOnWithBurst(now_);
  EXPECT_THAT(Opened(), SizeIs(1));
}

}  // namespace
}  // namespace lb::gossip
