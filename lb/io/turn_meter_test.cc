#include "lb/io/turn_meter.h"

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/loop.h"
#include "lb/io/turn_cause.h"

namespace lb::io {
namespace {

using ::testing::Each;
using ::testing::Optional;

absl::Duration Ms(int milliseconds) { return absl::Milliseconds(milliseconds); }

// A loop whose time passes when a test says so.
class MeteredLoop final : public Loop {
 public:
  absl::Time Now() const override { return now_; }
  absl::Time CivilNow() const override { return now_; }
  std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()>) override {
    return nullptr;
  }
  void Post(absl::AnyInvocable<void()>) override {}
  std::string_view SetTurnCause(std::string_view cause) override {
    return meter_.SetCause(now_, cause);
  }

  void Pass(absl::Duration time) { now_ += time; }
  void Begin(std::string_view cause) { meter_.Begin(now_, cause); }
  void End(absl::Duration processor) { meter_.End(now_, processor); }
  // One that does nothing else.
  void Turn(std::string_view cause, absl::Duration length,
            absl::Duration processor) {
    Begin(cause);
    Pass(length);
    End(processor);
  }
  const TurnMeter& meter() const { return meter_; }
  std::string_view CauseOfLongest() const { return meter_.longest()->cause; }

 private:
  absl::Time now_ = absl::UnixEpoch();
  TurnMeter meter_;
};

class TurnMeterTest : public testing::Test {
 protected:
  MeteredLoop loop_;
};

TEST_F(TurnMeterTest, HasNothingAtFirst) {
  EXPECT_EQ(loop_.meter().longest(), std::nullopt);
  EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now()), std::nullopt);
  EXPECT_EQ(loop_.meter().RecentBusiest(loop_.Now()), std::nullopt);
  EXPECT_THAT(loop_.meter().lengths().counts, Each(0));
}

TEST_F(TurnMeterTest, CountsEachTurnOnceByItsLength) {
  struct Case {
    absl::Duration length;
    size_t bucket;
  };
  const std::vector<Case> cases = {
      {absl::ZeroDuration(), 0},
      {absl::Microseconds(100), 0},
      {absl::Microseconds(101), 1},
      {Ms(1), 1},
      {Ms(5), 3},
      {Ms(50), 6},
      {Ms(50) + absl::Nanoseconds(1), 7},
      {Ms(1000), 10},
      {Ms(1001), 11},
      {absl::Hours(1), 11},
  };
  for (const Case& turn : cases) {
    SCOPED_TRACE(absl::FormatDuration(turn.length));
    const TurnMeter::Histogram before = loop_.meter().lengths();
    loop_.Turn("works", turn.length, absl::ZeroDuration());
    TurnMeter::Histogram expected = before;
    ++expected.counts[turn.bucket];
    EXPECT_EQ(loop_.meter().lengths().counts, expected.counts);
    EXPECT_EQ(loop_.meter().lengths().sum, before.sum + turn.length);
  }
  EXPECT_EQ(loop_.meter().processor_times().counts[0], cases.size());
}

TEST_F(TurnMeterTest, LengthAndProcessorTimeHaveTheirOwnGreatest) {
  loop_.Turn("waits", Ms(300), Ms(1));
  loop_.Turn("works", Ms(40), Ms(39));
  EXPECT_EQ(loop_.CauseOfLongest(), "waits");
  EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now())->cause, "waits");
  const auto busiest = loop_.meter().RecentBusiest(loop_.Now());
  ASSERT_TRUE(busiest);
  EXPECT_EQ(busiest->cause, "works");
  EXPECT_EQ(busiest->length, Ms(40));
  EXPECT_EQ(busiest->processor, Ms(39));
  EXPECT_EQ(busiest->at, loop_.Now());
}

TEST_F(TurnMeterTest, TheCauseIsWhatTookMostOfTheTurn) {
  struct Part {
    std::string_view cause;  // Empty: what the turn began with.
    int milliseconds;
  };
  struct Case {
    std::vector<Part> parts;
    std::string_view cause;
  };
  const std::vector<Case> cases = {
      {{{"", 1}}, "begins"},
      {{{"", 2}, {"a", 3}}, "a"},
      {{{"", 2}, {"a", 1}}, "begins"},
      {{{"a", 1}, {"", 1}, {"b", 3}, {"", 1}}, "b"},
      // Many short ones.
      {{{"a", 2}, {"b", 3}, {"a", 2}}, "a"},
      {{{"", 2}, {"a", 3}, {"", 2}}, "begins"},
  };
  for (const Case& turn : cases) {
    SCOPED_TRACE(turn.cause);
    MeteredLoop loop;
    loop.Begin("begins");
    for (const Part& part : turn.parts) {
      if (part.cause.empty()) {
        loop.Pass(Ms(part.milliseconds));
        continue;
      }
      const TurnCause cause(&loop, part.cause);
      loop.Pass(Ms(part.milliseconds));
    }
    loop.End(absl::ZeroDuration());
    EXPECT_EQ(loop.CauseOfLongest(), turn.cause);
  }
}

TEST_F(TurnMeterTest, ACauseFurtherInTakesItsTimeFromTheOneAround) {
  loop_.Begin("begins");
  {
    const TurnCause outer(&loop_, "outer");
    loop_.Pass(Ms(2));
    {
      const TurnCause inner(&loop_, "inner");
      loop_.Pass(Ms(3));
    }
    loop_.Pass(Ms(2));
  }
  loop_.End(absl::ZeroDuration());
  EXPECT_EQ(loop_.CauseOfLongest(), "outer");
}

TEST_F(TurnMeterTest, CausesOfOneTurnDoNotCountForTheNext) {
  loop_.Turn("a", Ms(5), Ms(5));
  loop_.Turn("b", Ms(6), Ms(6));
  EXPECT_EQ(loop_.CauseOfLongest(), "b");
}

TEST_F(TurnMeterTest, CausesBeyondTheMostAreNotCounted) {
  const std::vector<std::string_view> names = {"1", "2", "3", "4", "5",
                                               "6", "7", "8", "9"};
  ASSERT_GT(names.size(), TurnMeter::kCausesMax);
  loop_.Begin("0");
  for (const std::string_view name : names) {
    const TurnCause cause(&loop_, name);
    loop_.Pass(Ms(static_cast<int>(name[0] - '0')));
  }
  loop_.End(absl::ZeroDuration());
  EXPECT_EQ(loop_.CauseOfLongest(), "7");  // "0" is the first of eight.
}

TEST_F(TurnMeterTest, ALoopThatDoesNotMeasureTakesCausesToo) {
  class OtherLoop final : public Loop {
    absl::Time Now() const override { return {}; }
    absl::Time CivilNow() const override { return {}; }
    std::unique_ptr<Timer> NewTimer(absl::AnyInvocable<void()>) override {
      return nullptr;
    }
    void Post(absl::AnyInvocable<void()>) override {}
  } loop;
  const TurnCause cause(&loop, "works");
  EXPECT_EQ(static_cast<Loop&>(loop).SetTurnCause("idles"), "");
}

// The longest turn of each minute is kept, until it ended ten minutes ago.
TEST_F(TurnMeterTest, RecentTurnsAreThoseOfTenMinutes) {
  loop_.Turn("first", Ms(50), Ms(50));
  const absl::Time first = loop_.Now();
  loop_.Pass(absl::Minutes(2));
  loop_.Turn("second", Ms(20), Ms(20));
  const absl::Time second = loop_.Now();
  for (; loop_.Now() < first + TurnMeter::kRecent; loop_.Pass(Ms(5000))) {
    EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now())->cause, "first");
    EXPECT_EQ(loop_.meter().RecentBusiest(loop_.Now())->cause, "first");
    loop_.Turn("idles", Ms(1), Ms(1));
  }
  loop_.Pass(Ms(1));
  for (; loop_.Now() < second + TurnMeter::kRecent; loop_.Pass(Ms(5000))) {
    EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now())->cause, "second");
    loop_.Turn("idles", Ms(1), Ms(1));
  }
  loop_.Pass(Ms(1));
  EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now())->cause, "idles");
  EXPECT_EQ(loop_.CauseOfLongest(), "first");
  loop_.Pass(TurnMeter::kRecent);
  EXPECT_EQ(loop_.meter().RecentLongest(loop_.Now()), std::nullopt);
}

}  // namespace
}  // namespace lb::io
