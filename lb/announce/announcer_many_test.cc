// In which order many addresses are announced, and at which rate.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announcer.h"
#include "lb/announce/arp_responder.h"
#include "lb/announce/demand.h"
#include "lb/announce/testing/announcer_fixture.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using net::MacAddress;
using ::testing::SizeIs;

IpAddress Vip(uint32_t number) { return IpAddress::Ipv4(0x0a010000 + number); }

TEST(DemandTest, KnowsOfHeldAndWatchedAddressesOnly) {
  Demand demand(/*watched_max=*/2);
  demand.SetWatched({Vip(1), Vip(2), Vip(3)});  // One too many.
  demand.Hold(Vip(4));
  for (uint32_t i = 0; i < 6; ++i) {
    demand.Note(kStart + absl::Seconds(i), Vip(i));
  }
  EXPECT_EQ(demand.size(), 3u);
  EXPECT_EQ(demand.LastAsked(Vip(2)), kStart + absl::Seconds(2));
  EXPECT_EQ(demand.LastAsked(Vip(3)), absl::InfinitePast());
  demand.SetWatched({Vip(2), Vip(4)});
  demand.Drop(Vip(4));
  EXPECT_EQ(demand.LastAsked(Vip(1)), absl::InfinitePast());
  EXPECT_EQ(demand.LastAsked(Vip(2)), kStart + absl::Seconds(2));
  EXPECT_EQ(demand.LastAsked(Vip(4)), kStart + absl::Seconds(4));
  demand.SetWatched({});
  EXPECT_EQ(demand.size(), 0u);
}

class AnnouncerManyTest : public AnnouncerTest {
 protected:
  static Announcements Thousand(Role role) {
    Announcements announcements;
    for (uint32_t i = 0; i < 1000; ++i) announcements[Vip(i)] = {.role = role};
    return announcements;
  }

  // When each address has its first frame of that kind, in milliseconds.
  static std::map<std::string, int> FirstOf(
      std::string_view kind, const std::vector<std::string>& lines) {
    std::map<std::string, int> first;
    for (const std::string& line : lines) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      if (words[2] == kind) first.emplace(words[3], std::stoi(words[0]));
    }
    return first;
  }
  static std::vector<int> FirstAnnouncements(
      const std::vector<std::string>& lines) {
    std::vector<int> times;
    for (const auto& [address, time] : FirstOf("request", lines)) {
      times.push_back(time);
    }
    return times;
  }
};

// The node that has it announces it now and then; a host may probe for it.
TEST_F(AnnouncerManyTest, WhatNoClientAsksIsNoDemand) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetWatched({kVip, Vip(1)});
  const std::vector<std::vector<uint8_t>> frames = {
      AskArp(Vip(1)), GratuitousRequestFrame(kRival, kVip), RivalProbe(kVip)};
  for (const std::vector<uint8_t>& frame : frames) {
    now_ += absl::Milliseconds(1);
    EXPECT_EQ(announcer.OnFrame(now_, "eth0", frame), Verdict::kNotOurs);
  }
  announcer.SetAnnouncements(now_, {{kVip, {}}, {Vip(1), {}}});
  const std::vector<std::string> lines = Run(announcer, absl::ZeroDuration());
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[0], testing::HasSubstr(Vip(1).ToString()));
}

TEST_F(AnnouncerManyTest, ThoseAskedForLatelyAreTakenOverFirst) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  absl::btree_set<IpAddress> watched;
  for (uint32_t i = 0; i < 1000; ++i) watched.insert(Vip(i));
  announcer.SetWatched(watched);
  std::vector<std::string> wanted;
  for (uint32_t i = 100; i <= 1000; i += 100) {
    now_ += absl::Milliseconds(1);
    EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(Vip(i - 1))),
              Verdict::kNotOurs);
    wanted.insert(wanted.begin(),
                  fmt::format("0 eth0 request {}", Vip(i - 1).ToString()));
  }
  announcer.SetAnnouncements(now_, Thousand(Role::kAnnounce));
  std::vector<std::string> lines = Run(announcer, absl::Milliseconds(500));
  const std::vector<int> times = FirstAnnouncements(lines);
  ASSERT_THAT(times, SizeIs(1000));  // None starves.
  EXPECT_EQ(*std::max_element(times.begin(), times.end()), 266);
  lines.resize(10);
  EXPECT_EQ(lines, wanted);  // The one asked for last goes first.
}

TEST_F(AnnouncerManyTest, AThousandNewOnesAreProbedAndAnnounced) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_, Thousand(Role::kProbeFirst));
  const std::vector<std::string> lines = Run(announcer, absl::Seconds(2));
  const std::map<std::string, int> announced = FirstOf("request", lines);
  ASSERT_THAT(announced, SizeIs(1000));
  // The first 200 probes leave at once: announcements then wait in turn, up to
  // 67 ms. Questions are answered meanwhile.
  for (const auto& [address, probed] : FirstOf("probe", lines)) {
    EXPECT_LE(announced.at(address), 670) << address;
    EXPECT_LE(announced.at(address) - probed, probed <= 60 ? 127 : 62)
        << address;
  }
}

TEST_F(AnnouncerManyTest, ATakeoverDoesNotWaitForProbes) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  Announcements all = Thousand(Role::kProbeFirst);
  announcer.SetAnnouncements(now_, all);
  Run(announcer, absl::Milliseconds(10));
  for (uint32_t i = 5000; i < 5100; ++i) all[Vip(i)] = {};
  announcer.SetAnnouncements(now_, all);
  EXPECT_THAT(FirstAnnouncements(Run(announcer, absl::Milliseconds(50))),
              SizeIs(100));
}

TEST_F(AnnouncerManyTest, AThousandYieldedOnesAreWatchedWithinTheBudget) {
  options_.precedence_of = [](const Announcement&, const MacAddress&) {
    return Precedence::kTheirs;
  };
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_, Thousand(Role::kAnnounce));
  Run(announcer, absl::Seconds(20));
  for (uint32_t i = 0; i < 1000; ++i) {
    announcer.OnFrame(now_, "eth0", RivalArp(Vip(i)));
  }
  EXPECT_THAT(Run(announcer, absl::Seconds(1)), SizeIs(::testing::Le(3200)));
  EXPECT_THAT(announcer.TakeConflicts(), SizeIs(1000));
  // All come back when the rival is gone.
  Run(announcer, absl::Seconds(2));
  for (const auto& [announcement, post] : announcer.current()) {
    ASSERT_EQ(announcer.StateOf(announcement), ClaimState::kAnnouncing);
  }
}

}  // namespace
}  // namespace lb::announce
