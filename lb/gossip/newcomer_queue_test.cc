#include "lb/gossip/newcomer_queue.h"

#include <set>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/options.h"

namespace lb::gossip {
namespace {

using testing::IsNull;
using testing::NotNull;

constexpr absl::Time kStart = absl::UnixEpoch();

class NewcomerQueueTest : public testing::Test {
 protected:
  // As many as may be pinged at `now`.
  int Newcomers(absl::Time now) {
    int count = 0;
    while (newcomers_.TakeNewcomer(now)) ++count;
    return count;
  }

  GossipOptions options_ = FastProfile();
  NewcomerQueue newcomers_{options_, Prng(1)};
};

TEST_F(NewcomerQueueTest, PingsAFewAtOnceAndTheOthersAtAPace) {
  for (int i = 0; i < 1000; ++i) newcomers_.Add(kStart, std::to_string(i));
  EXPECT_EQ(newcomers_.NextDeadline(), absl::InfinitePast());
  EXPECT_EQ(Newcomers(kStart), 256);
  EXPECT_EQ(newcomers_.NextDeadline(), kStart + absl::Milliseconds(5));
  EXPECT_EQ(Newcomers(kStart + absl::Milliseconds(4)), 0);
  EXPECT_EQ(Newcomers(kStart + absl::Milliseconds(5)), 1);
  EXPECT_EQ(Newcomers(kStart + absl::Seconds(1)), 199);
  EXPECT_EQ(Newcomers(kStart + absl::Hours(1)), 256);
}

TEST_F(NewcomerQueueTest, TheNewestIsPingedFirst) {
  for (int i = 0; i < 1000; ++i) newcomers_.Add(kStart, std::to_string(i));
  Newcomers(kStart);
  const absl::Time later = kStart + absl::Milliseconds(5);
  newcomers_.Add(later, "new");
  EXPECT_EQ(newcomers_.TakeNewcomer(later)->name, "new");
}

TEST_F(NewcomerQueueTest, ASequenceIsItsMembersUntilItIsRemoved) {
  newcomers_.Add(kStart, "a");
  newcomers_.Add(kStart, "b");
  const auto first = newcomers_.TakeNewcomer(kStart);
  const auto second = newcomers_.TakeNewcomer(kStart);
  ASSERT_TRUE(first && second);
  EXPECT_GE(first->sequence, NewcomerQueue::kSequenceMin);
  EXPECT_NE(first->sequence, second->sequence);
  EXPECT_EQ(newcomers_.NameOf(first->sequence), first->name);
  EXPECT_EQ(newcomers_.NameOf(first->sequence + 1), "");
  newcomers_.Remove(first->name);
  EXPECT_EQ(newcomers_.NameOf(first->sequence), "");
  newcomers_.Remove("unknown");
  EXPECT_EQ(newcomers_.size(), 1u);
}

TEST_F(NewcomerQueueTest, WhoDoesNotAckWaitsForALane) {
  newcomers_.Add(kStart, "a");
  const auto first = newcomers_.TakeNewcomer(kStart);
  const absl::Time later = kStart + options_.probe.timeout;
  EXPECT_EQ(newcomers_.NextDeadline(), later);
  EXPECT_THAT(newcomers_.TakeLane(later - absl::Nanoseconds(1)), IsNull());
  Prober* const lane = newcomers_.TakeLane(later);
  ASSERT_THAT(lane, NotNull());
  EXPECT_EQ(lane->target().sequence, first->sequence);
  EXPECT_EQ(newcomers_.NextDeadline(), later + options_.probe.timeout);
  EXPECT_EQ(lane->OnTimer(later + options_.probe.timeout),
            Prober::Step::kAskOthers);
  const absl::Time over = later + options_.probe.interval;
  EXPECT_EQ(lane->OnTimer(over), Prober::Step::kFailed);
  newcomers_.OnFailed(over, *lane);
  EXPECT_EQ(newcomers_.NextDeadline(), over + options_.probe.timeout);
  EXPECT_EQ(newcomers_.TakeLane(over + options_.probe.timeout), lane);
  newcomers_.Remove("a");
  EXPECT_FALSE(lane->running());
  EXPECT_EQ(newcomers_.NextDeadline(), absl::InfiniteFuture());
}

// Thousands take no more lanes than there are, each in its turn.
TEST_F(NewcomerQueueTest, LanesAreFewAndGoToWhoWaitsLongest) {
  for (int i = 0; i < 20; ++i) {
    newcomers_.Add(kStart + absl::Milliseconds(i), std::to_string(i));
    ASSERT_EQ(Newcomers(kStart + absl::Milliseconds(i)), 1);
  }
  const absl::Time later = kStart + absl::Seconds(1);
  std::set<std::string> targets;
  while (const Prober* const lane = newcomers_.TakeLane(later)) {
    targets.insert(lane->target().name);
  }
  EXPECT_THAT(targets, testing::UnorderedElementsAre("0", "1", "2", "3", "4",
                                                     "5", "6", "7"));
}

TEST_F(NewcomerQueueTest, ASignOfLifeIsAnsweredOutOfTurnButNotTwice) {
  for (int i = 0; i < 300; ++i) newcomers_.Add(kStart, std::to_string(i));
  Newcomers(kStart);
  int out_of_turn = 0;
  for (int i = 0; i < 300; ++i) {
    out_of_turn += newcomers_.TakeAtOnce(kStart, std::to_string(i)) ? 1 : 0;
  }
  EXPECT_EQ(out_of_turn, 300 - 256);
  EXPECT_FALSE(newcomers_.TakeAtOnce(kStart, "unknown"));
  const absl::Time later = kStart + options_.probe.timeout / 2;
  EXPECT_FALSE(newcomers_.TakeAtOnce(later - absl::Nanoseconds(1), "7"));
  EXPECT_TRUE(newcomers_.TakeAtOnce(later, "7"));
}

TEST_F(NewcomerQueueTest, KeepsNothingOfThoseThatComeAndGo) {
  for (int i = 0; i < 10000; ++i) {
    newcomers_.Add(kStart, "a");
    newcomers_.Remove("a");
  }
  EXPECT_EQ(newcomers_.size(), 0u);
  EXPECT_EQ(newcomers_.NextDeadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lb::gossip
