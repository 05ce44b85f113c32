#include "lb/announce/announcement_schedule.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::UnixEpoch() + absl::Seconds(1000);

IpAddress Vip(uint32_t number) { return IpAddress::Ipv4(0x0a000000 + number); }
IpAddress Vip6(uint32_t number) {
  return IpAddress::Ipv6(absl::MakeUint128(0x20010db800000000, number));
}

// A schedule and a clock that goes from deadline to deadline.
class Played {
 public:
  explicit Played(const ScheduleOptions& options = {})
      : schedule_(options, Prng(1)) {}

  void Start(const IpAddress& address,
             absl::Time asked = absl::InfinitePast()) {
    schedule_.Start(now_, address, asked);
  }
  void Probe(const IpAddress& address, int milliseconds) {
    schedule_.StartProbes(now_, address, absl::Milliseconds(milliseconds));
  }
  void Once(const IpAddress& address, Urgency urgency) {
    schedule_.AnnounceOnce(now_, address, urgency);
  }
  void Stop(const IpAddress& address) { schedule_.Stop(address); }

  // All frames up to `duration` from now, as "100 10.0.0.1 request".
  std::vector<std::string> Run(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    std::vector<std::string> sent;
    while (schedule_.NextDeadline() <= end) {
      // No deadline comes for nothing, but for the time that has passed.
      now_ = std::max(now_, schedule_.NextDeadline());
      for (const ScheduledFrame& frame : schedule_.TakeDue(now_)) {
        sent.push_back(fmt::format("{} {} {}",
                                   absl::ToInt64Milliseconds(now_ - kStart),
                                   frame.address.ToString(), Name(frame.form)));
      }
      EXPECT_GT(schedule_.NextDeadline(), now_) << "would spin";
    }
    now_ = end;
    return sent;
  }

  absl::Time now() const { return now_; }
  AnnouncementSchedule& schedule() { return schedule_; }

 private:
  static const char* Name(AnnouncementForm form) {
    switch (form) {
      case AnnouncementForm::kArpRequest:
        return "request";
      case AnnouncementForm::kArpReply:
        return "reply";
      case AnnouncementForm::kNdpAdvertisement:
        return "advert";
      case AnnouncementForm::kProbe:
        return "probe";
    }
    return "?";
  }

  AnnouncementSchedule schedule_;
  absl::Time now_ = kStart;
};

ScheduleOptions WithoutRefreshes() {
  ScheduleOptions options;
  options.period = absl::ZeroDuration();
  return options;
}

TEST(AnnouncementScheduleTest, AnnouncesIpv4InBothFormsAtEachRound) {
  Played played(WithoutRefreshes());
  played.Start(Vip(1));
  EXPECT_THAT(played.Run(absl::Minutes(10)),
              ElementsAre("0 10.0.0.1 request", "0 10.0.0.1 reply",
                          "100 10.0.0.1 request", "100 10.0.0.1 reply",
                          "300 10.0.0.1 request", "300 10.0.0.1 reply",
                          "1000 10.0.0.1 request", "1000 10.0.0.1 reply",
                          "2000 10.0.0.1 request", "2000 10.0.0.1 reply",
                          "5000 10.0.0.1 request", "5000 10.0.0.1 reply"));
  EXPECT_EQ(played.schedule().NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(played.schedule().size(), 1u);
}

TEST(AnnouncementScheduleTest, AnnouncesIpv6OnceAtEachRound) {
  Played played(WithoutRefreshes());
  played.Start(Vip6(1));
  EXPECT_THAT(
      played.Run(absl::Minutes(10)),
      ElementsAre("0 2001:db8::1 advert", "100 2001:db8::1 advert",
                  "300 2001:db8::1 advert", "1000 2001:db8::1 advert",
                  "2000 2001:db8::1 advert", "5000 2001:db8::1 advert"));
}

// How many frames the address had in ten minutes, the rounds aside.
size_t RefreshesOf(const IpAddress& address,
                   std::optional<absl::Duration> period) {
  Played played;
  played.schedule().SetPeriod(played.now(), address, period);
  played.Start(address);
  played.Run(absl::Seconds(6));
  return played.Run(absl::Minutes(10)).size();
}

TEST(AnnouncementScheduleTest, AnAddressMayHaveItsOwnPeriod) {
  EXPECT_THAT(RefreshesOf(Vip6(1), std::nullopt),
              testing::AllOf(testing::Ge(9u), testing::Le(11u)));
  EXPECT_THAT(RefreshesOf(Vip6(1), absl::Seconds(10)),
              testing::AllOf(testing::Ge(57u), testing::Le(63u)));
  EXPECT_THAT(RefreshesOf(Vip6(1), absl::Seconds(1)),
              testing::AllOf(testing::Ge(580u), testing::Le(620u)));
  EXPECT_EQ(RefreshesOf(Vip6(1), absl::ZeroDuration()), 0u);
  EXPECT_EQ(RefreshesOf(Vip6(1), absl::Minutes(3)), 3u);
}

TEST(AnnouncementScheduleTest, APeriodChangesWhileAnAddressIsAnnounced) {
  Played played;
  played.Start(Vip6(1));
  played.Start(Vip6(2));
  played.Run(absl::Seconds(10));
  const auto set = [&](std::optional<absl::Duration> period) {
    played.schedule().SetPeriod(played.now(), Vip6(1), period);
    int count = 0;
    for (const std::string& frame : played.Run(absl::Seconds(30))) {
      count += frame.find("2001:db8::1 ") != std::string::npos ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(set(absl::ZeroDuration()), 0);
  EXPECT_GE(set(absl::Seconds(2)), 13);
  // It holds for the next start, too; the rounds come first.
  played.Stop(Vip6(1));
  played.Start(Vip6(1));
  EXPECT_GE(set(absl::Seconds(2)), 6 + 10);
  EXPECT_EQ(set(absl::ZeroDuration()), 0);
  played.schedule().SetPeriod(played.now(), Vip6(1), std::nullopt);
  EXPECT_THAT(played.Run(absl::Seconds(70)),
              testing::Contains(HasSubstr("2001:db8::1 ")));
}

// A thousand addresses that are refreshed each second keep to the budget.
TEST(AnnouncementScheduleTest, ShortPeriodsKeepToTheBudget) {
  ScheduleOptions options;
  options.frames_per_second = 100;
  options.frames_burst = 10;
  Played played(options);
  for (uint32_t i = 0; i < 1000; ++i) {
    played.schedule().SetPeriod(played.now(), Vip6(i), absl::Seconds(1));
    played.Start(Vip6(i));
  }
  EXPECT_LE(played.Run(absl::Seconds(60)).size(), 6011u);
}

TEST(AnnouncementScheduleTest, RefreshesWithinTheJitterForEver) {
  ScheduleOptions options;
  options.rounds = {absl::ZeroDuration()};
  Played played(options);
  played.Start(Vip6(1));
  EXPECT_THAT(played.Run(absl::ZeroDuration()), SizeIs(1));
  absl::Time last = kStart;
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration most;
  for (int i = 0; i < 1000; ++i) {
    const absl::Time next = played.schedule().NextDeadline();
    least = std::min(least, next - last);
    most = std::max(most, next - last);
    ASSERT_THAT(played.Run(next - played.now()), SizeIs(1));
    last = next;
  }
  EXPECT_GE(least, absl::Seconds(54));
  EXPECT_LE(least, absl::Seconds(55));
  EXPECT_LT(most, absl::Seconds(66));
  EXPECT_GE(most, absl::Seconds(65));
}

// How often frames left in ten minutes, the rounds aside.
size_t DeparturesOf(const ScheduleOptions& options) {
  constexpr uint32_t kAddresses = 300;
  Played played(options);
  for (uint32_t i = 0; i < kAddresses; ++i) played.Start(Vip6(i));
  played.Run(absl::Minutes(5));  // They part with time.
  const absl::Time end = played.now() + absl::Minutes(10);
  size_t frames = 0;
  size_t departures = 0;
  while (played.schedule().NextDeadline() <= end) {
    frames +=
        played.Run(played.schedule().NextDeadline() - played.now()).size();
    ++departures;
  }
  EXPECT_GE(frames, 9 * kAddresses);
  EXPECT_LE(frames, 11 * kAddresses);
  return departures;
}

TEST(AnnouncementScheduleTest, RefreshesOfManyAddressesLeaveTogether) {
  ScheduleOptions options;
  EXPECT_LE(DeparturesOf(options), 600u);
  options.refresh_step = absl::ZeroDuration();
  EXPECT_GE(DeparturesOf(options), 2500u);
}

// No refresh is due at once, nor is that of an address of a short period.
TEST(AnnouncementScheduleTest, AStepLongerThanTheJitterIsCutToIt) {
  ScheduleOptions options;
  options.refresh_step = absl::Minutes(1);
  Played played(options);
  played.schedule().SetPeriod(played.now(), Vip6(1), absl::Seconds(1));
  played.Start(Vip6(1));
  played.Run(absl::Seconds(6));
  EXPECT_THAT(played.Run(absl::Seconds(100)),
              SizeIs(testing::AllOf(testing::Ge(91u), testing::Le(111u))));
}

TEST(AnnouncementScheduleTest, StartingAgainBeginsWithTheFirstRound) {
  Played played(WithoutRefreshes());
  played.Start(Vip6(1));
  EXPECT_THAT(played.Run(absl::Milliseconds(200)), SizeIs(2));
  played.Start(Vip6(1));
  EXPECT_THAT(played.Run(absl::Milliseconds(250)),
              ElementsAre("200 2001:db8::1 advert", "300 2001:db8::1 advert"));
  EXPECT_EQ(played.schedule().size(), 1u);
}

TEST(AnnouncementScheduleTest, StoppedAddressesAreSilent) {
  Played played;
  played.Start(Vip(1));
  played.Start(Vip(2));
  played.Stop(Vip(1));
  played.Stop(Vip(3));  // Never started.
  EXPECT_THAT(played.Run(absl::ZeroDuration()),
              ElementsAre("0 10.0.0.2 request", "0 10.0.0.2 reply"));
  played.Stop(Vip(2));
  EXPECT_THAT(played.Run(absl::Minutes(5)), IsEmpty());
  EXPECT_EQ(played.schedule().NextDeadline(), absl::InfiniteFuture());
}

TEST(AnnouncementScheduleTest, StopsAnAddressThatWaitsForTheBudget) {
  ScheduleOptions options = WithoutRefreshes();
  options.frames_burst = 1;
  options.frames_per_second = 10;
  Played played(options);
  for (int i = 1; i <= 3; ++i) played.Start(Vip(i));
  EXPECT_THAT(played.Run(absl::ZeroDuration()),
              ElementsAre("0 10.0.0.1 request"));
  played.Stop(Vip(2));
  EXPECT_THAT(played.Run(absl::Milliseconds(100)),
              ElementsAre("100 10.0.0.3 request"));
}

TEST(AnnouncementScheduleTest, ThousandFirstAnnouncementsTakeHalfASecond) {
  Played played;
  for (int i = 0; i < 1000; ++i) played.Start(Vip(i));
  const auto sent = played.Run(absl::Milliseconds(500));
  ASSERT_GE(sent.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(sent[i],
                HasSubstr(fmt::format(" {} request", Vip(i).ToString())));
  }
  EXPECT_THAT(sent[999], HasSubstr("266 "));
}

TEST(AnnouncementScheduleTest, NeverExceedsTheBudget) {
  ScheduleOptions options;
  options.frames_burst = 20;
  options.frames_per_second = 100;
  Played played(options);
  for (int i = 0; i < 50; ++i) played.Start(Vip(i));
  size_t total = 0;
  for (int second = 1; second <= 30; ++second) {
    const size_t sent = played.Run(absl::Seconds(1)).size();
    EXPECT_LE(sent, 120u);
    total += sent;
    EXPECT_LE(total, 20u + 100u * second + 1);
  }
}

TEST(AnnouncementScheduleTest, NewOwnersGoBeforeRepeatsAndRefreshes) {
  ScheduleOptions options;
  options.rounds = {absl::ZeroDuration(), absl::Milliseconds(500)};
  options.period = absl::Seconds(20);
  options.period_jitter = absl::ZeroDuration();
  options.frames_burst = 1;
  options.frames_per_second = 10;
  Played played(options);
  for (int i = 1; i <= 9; ++i) played.Start(Vip(i));
  played.Run(absl::Milliseconds(1000));  // Replies of the first round wait.
  played.Start(Vip(10));
  EXPECT_THAT(played.Run(absl::Milliseconds(100)),
              ElementsAre("1100 10.0.0.10 request"));
}

TEST(AnnouncementScheduleTest, SkipsRoundsThatFellDueMeanwhile) {
  ScheduleOptions options = WithoutRefreshes();
  options.frames_burst = 1;
  options.frames_per_second = 2;
  Played played(options);
  played.Start(Vip6(1));
  played.Start(Vip6(2));
  // The second one's first frame comes at 500: its next round is at 1000.
  EXPECT_THAT(
      played.Run(absl::Seconds(6)),
      ElementsAre("0 2001:db8::1 advert", "500 2001:db8::2 advert",
                  "1000 2001:db8::1 advert", "1500 2001:db8::2 advert",
                  "2000 2001:db8::1 advert", "2500 2001:db8::2 advert",
                  "5000 2001:db8::1 advert", "5500 2001:db8::2 advert"));
}

TEST(AnnouncementScheduleTest, NobodyStarvesUnderAFloodOfStarts) {
  ScheduleOptions options;
  options.rounds = {absl::ZeroDuration()};
  options.period = absl::Seconds(10);
  options.period_jitter = absl::ZeroDuration();
  options.frames_burst = 1;
  options.frames_per_second = 10;
  Played played(options);
  played.Start(Vip6(0));
  played.Run(absl::Seconds(9));
  // From now on twice as many new addresses as the budget has frames.
  bool refreshed = false;
  for (uint32_t i = 1; i < 1000 && !refreshed; ++i) {
    played.Start(Vip6(i));
    for (const std::string& frame : played.Run(absl::Milliseconds(50))) {
      refreshed |= frame.ends_with(" 2001:db8:: advert");
    }
  }
  EXPECT_TRUE(refreshed);
}

TEST(AnnouncementScheduleTest, ProbesUntilItIsStoppedBesideItsRounds) {
  Played played(WithoutRefreshes());
  played.Probe(Vip(1), 50);
  played.Probe(Vip6(1), 500);
  EXPECT_THAT(played.Run(absl::Milliseconds(120)),
              ElementsAre("0 10.0.0.1 probe", "0 2001:db8::1 probe",
                          "50 10.0.0.1 probe", "100 10.0.0.1 probe"));
  played.Stop(Vip(1));
  EXPECT_THAT(played.Run(absl::Milliseconds(480)),
              ElementsAre("500 2001:db8::1 probe"));
  played.Start(Vip6(1));
  EXPECT_THAT(played.Run(absl::Milliseconds(200)),
              ElementsAre("600 2001:db8::1 advert", "700 2001:db8::1 advert"));
  EXPECT_THAT(played.Run(absl::Milliseconds(400)),
              ElementsAre("900 2001:db8::1 advert", "1000 2001:db8::1 probe"));
  played.schedule().StopProbes(Vip6(1));
  EXPECT_THAT(played.Run(absl::Seconds(1)),
              ElementsAre("1600 2001:db8::1 advert"));
}

TEST(AnnouncementScheduleTest, OfEqualsTheOneAskedForLastGoesFirst) {
  Played played(WithoutRefreshes());
  played.Start(Vip(1));
  played.Start(Vip(2), kStart - absl::Seconds(9));
  played.Start(Vip(3), kStart - absl::Seconds(1));
  played.Start(Vip(4));
  EXPECT_THAT(played.Run(absl::ZeroDuration()),
              ElementsAre("0 10.0.0.3 request", "0 10.0.0.2 request",
                          "0 10.0.0.1 request", "0 10.0.0.4 request",
                          "0 10.0.0.3 reply", "0 10.0.0.2 reply",
                          "0 10.0.0.1 reply", "0 10.0.0.4 reply"));
}

TEST(AnnouncementScheduleTest, OneMoreRoundLeavesTheOthersAsTheyAre) {
  Played played(WithoutRefreshes());
  played.Once(Vip(1), Urgency::kAsFirst);  // Unknown: nothing.
  played.Start(Vip6(1));
  played.Once(Vip6(1), Urgency::kAsRepeat);  // Is about to go anyway.
  EXPECT_THAT(played.Run(absl::Milliseconds(1500)), SizeIs(4));
  played.Once(Vip6(1), Urgency::kAsRepeat);
  played.Once(Vip6(1), Urgency::kAsFirst);
  EXPECT_THAT(played.Run(absl::Minutes(1)),
              ElementsAre("1500 2001:db8::1 advert", "2000 2001:db8::1 advert",
                          "5000 2001:db8::1 advert"));
  played.Once(Vip6(1), Urgency::kAsFirst);  // At rest.
  EXPECT_THAT(played.Run(absl::Minutes(1)),
              ElementsAre("61500 2001:db8::1 advert"));
  played.Probe(Vip6(1), 500);
  played.Once(Vip6(1), Urgency::kAsFirst);  // Not announced.
  EXPECT_THAT(played.Run(absl::Milliseconds(400)),
              ElementsAre("121500 2001:db8::1 probe"));
}

TEST(AnnouncementScheduleTest, AskingForMoreRoundsNeverPutsOneOff) {
  ScheduleOptions options = WithoutRefreshes();
  options.frames_burst = 1;
  options.frames_per_second = 10;
  Played played(options);
  for (int i = 1; i <= 20; ++i) played.Start(Vip6(i));
  for (int i = 0; i < 18; ++i) {
    played.Run(absl::Milliseconds(100));
    played.Once(Vip6(20), Urgency::kAsRepeat);
  }
  EXPECT_THAT(played.Run(absl::Milliseconds(100)),
              ElementsAre("1900 2001:db8::14 advert"));
}

TEST(AnnouncementScheduleTest, FirstAnnouncementsGoBeforeProbesBeforeRepeats) {
  ScheduleOptions options = WithoutRefreshes();
  options.frames_burst = 1;
  options.frames_per_second = 10;
  Played played(options);
  played.Start(Vip(1));  // Its reply form is to wait.
  played.Run(absl::ZeroDuration());
  played.Probe(Vip(2), 1000);
  played.Start(Vip(3));
  EXPECT_THAT(played.Run(absl::Milliseconds(300)),
              ElementsAre("100 10.0.0.3 request", "200 10.0.0.2 probe",
                          "300 10.0.0.1 reply"));
}

TEST(AnnouncementScheduleTest, SurvivesALoopThatStalled) {
  Played played(WithoutRefreshes());
  played.Start(Vip6(1));
  AnnouncementSchedule& schedule = played.schedule();
  EXPECT_THAT(schedule.TakeDue(kStart + absl::Seconds(3)), SizeIs(1));
  EXPECT_EQ(schedule.NextDeadline(), kStart + absl::Seconds(5));
}

TEST(ValidateScheduleOptionsTest, NamesWhatIsWrong) {
  EXPECT_THAT(Validate(ScheduleOptions{}), IsOk());
  EXPECT_THAT(Validate(WithoutRefreshes()), IsOk());
  const struct {
    void (*change)(ScheduleOptions&);
    const char* message;
  } kCases[] = {
      {[](ScheduleOptions& o) { o.rounds.clear(); }, "no rounds"},
      {[](ScheduleOptions& o) { o.rounds = {absl::Seconds(-1)}; }, "rounds"},
      {[](ScheduleOptions& o) {
         o.rounds = {absl::Seconds(2), absl::Seconds(1)};
       },
       "ascending"},
      {[](ScheduleOptions& o) { o.period = -absl::Seconds(1); }, "period is"},
      {[](ScheduleOptions& o) { o.period_jitter = o.period; }, "period_jitter"},
      {[](ScheduleOptions& o) { o.period_jitter = -absl::Seconds(1); },
       "period_jitter"},
      {[](ScheduleOptions& o) { o.refresh_step = -absl::Seconds(1); },
       "refresh_step"},
      {[](ScheduleOptions& o) { o.frames_per_second = 0; }, "0 frames per"},
      {[](ScheduleOptions& o) { o.frames_burst = 0; }, "0 in a burst"},
      {[](ScheduleOptions& o) { o.probe_grace = -absl::Seconds(1); }, "grace"},
      {[](ScheduleOptions& o) { o.repeat_grace = -absl::Seconds(1); }, "grace"},
      {[](ScheduleOptions& o) { o.refresh_grace = -absl::Seconds(1); },
       "grace"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.message);
    ScheduleOptions options;
    test.change(options);
    EXPECT_THAT(Validate(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr(test.message)));
  }
}

}  // namespace
}  // namespace lb::announce
