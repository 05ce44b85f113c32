#include "lb/bgp/dial_schedule.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

using testing::AllOf;
using testing::Gt;
using testing::Le;

const absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);

auto IsWaitOf(absl::Duration full) {
  return AllOf(Gt(full * 3 / 4 - absl::Nanoseconds(1)), Le(full));
}

TEST(DialScheduleTest, DialsAtOnceThenLessAndLessOften) {
  DialSchedule schedule(Prng(1), kStart);
  EXPECT_EQ(schedule.next(), kStart);
  absl::Time now = kStart;
  for (const int64_t wait : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    schedule.OnFailed(now, DialFailure::kAway);
    EXPECT_THAT(schedule.next() - now, IsWaitOf(absl::Milliseconds(wait)));
    now = schedule.next();
  }
}

TEST(DialScheduleTest, TheLongestWaitForAPeerThatIsAwayCanBeGiven) {
  for (const int64_t longest : {1000, 120'000}) {
    DialSchedule schedule(Prng(1), kStart, absl::Milliseconds(longest));
    absl::Time now = kStart;
    for (int64_t wait = 100; wait < 4 * longest; wait *= 2) {
      schedule.OnFailed(now, DialFailure::kAway);
      EXPECT_THAT(schedule.next() - now,
                  IsWaitOf(absl::Milliseconds(std::min(wait, longest))));
      now = schedule.next();
    }
    schedule.OnFailed(now, DialFailure::kOpenRefused);
    EXPECT_THAT(schedule.next() - now, IsWaitOf(absl::Seconds(5)));
  }
}

TEST(DialScheduleTest, WaitsLongAfterARefusedOpen) {
  DialSchedule schedule(Prng(1), kStart);
  absl::Time now = kStart;
  for (const int64_t wait : {5, 10, 20, 40, 60, 60}) {
    schedule.OnFailed(now, DialFailure::kOpenRefused);
    EXPECT_THAT(schedule.next() - now, IsWaitOf(absl::Seconds(wait)));
    now = schedule.next();
    // That TCP connected in between changes nothing (MetalLB's issue 1114).
    schedule.OnFailed(now, DialFailure::kAway);
    now = schedule.next();
  }
}

TEST(DialScheduleTest, AStableSessionStartsFromTheBeginning) {
  for (const int64_t seconds : {29, 30}) {
    DialSchedule schedule(Prng(1), kStart);
    for (int n = 0; n < 5; ++n) schedule.OnFailed(kStart, DialFailure::kAway);
    const absl::Time end = kStart + absl::Seconds(seconds);
    schedule.OnFailed(end, DialFailure::kAway, /*established=*/kStart);
    EXPECT_THAT(schedule.next() - end,
                IsWaitOf(seconds == 30 ? absl::Milliseconds(100)
                                       : absl::Milliseconds(3200)));
  }
}

TEST(DialScheduleTest, ResetDialsAtOnce) {
  DialSchedule schedule(Prng(1), kStart);
  schedule.OnFailed(kStart, DialFailure::kOpenRefused);
  const absl::Time now = kStart + absl::Seconds(1);
  schedule.Reset(now);
  EXPECT_EQ(schedule.next(), now);
  schedule.OnFailed(now, DialFailure::kOpenRefused);
  EXPECT_THAT(schedule.next() - now, IsWaitOf(absl::Seconds(5)));
}

TEST(DialScheduleTest, NodesDoNotDialInStep) {
  DialSchedule one(Prng(1), kStart);
  DialSchedule other(Prng(2), kStart);
  one.OnFailed(kStart, DialFailure::kAway);
  other.OnFailed(kStart, DialFailure::kAway);
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace lb::bgp
