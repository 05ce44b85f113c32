#include "lb/announce/announcer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/testing/announcer_fixture.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(AnnouncerTest, PlansOnceAndThenNothing) {
  Announcer announcer(options_, Prng(1));
  const Announcements vips = {{kVip, {}}, {kVip6, {{"eth1"}}}};
  EXPECT_EQ(announcer.SetAnnouncements(now_, vips).ToString(), "nothing");
  EXPECT_EQ(announcer.SetLinks(now_, {Eth0(), Eth1()}).ToString(),
            "start 10.0.0.1@eth0 10.0.0.1@eth1 2001:db8::1@eth1");
  announcer.TakeFrames();
  EXPECT_EQ(announcer.SetAnnouncements(now_, vips).ToString(), "nothing");
  EXPECT_EQ(announcer.SetLinks(now_, {Eth0(), Eth1()}).ToString(), "nothing");
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  EXPECT_EQ(announcer.SetAnnouncements(now_, {{kVip, {{"eth0"}}}}).ToString(),
            "stop 10.0.0.1@eth1 2001:db8::1@eth1");
  EXPECT_EQ(announcer.SetLinks(now_, {}).ToString(), "stop 10.0.0.1@eth0");
  EXPECT_THAT(announcer.current(), IsEmpty());
}

TEST_F(AnnouncerTest, AnnouncesAtOnceAndOnSchedule) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_, {{kVip, {}}, {kVip6, {}}});
  EXPECT_THAT(
      Dump(announcer.TakeFrames()),
      ElementsAre("eth0 10.0.0.1 02:00:00:00:00:02>ff:ff:ff:ff:ff:ff",
                  "eth0 2001:db8::1 02:00:00:00:00:02>33:33:00:00:00:01",
                  "eth0 10.0.0.1 02:00:00:00:00:02>ff:ff:ff:ff:ff:ff"));
  EXPECT_EQ(announcer.NextDeadline(), now_ + absl::Milliseconds(100));
  announcer.OnTimer(now_ + absl::Milliseconds(99));
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  announcer.OnTimer(now_ + absl::Milliseconds(100));
  EXPECT_THAT(announcer.TakeFrames(), SizeIs(3));
  EXPECT_EQ(announcer.counters().at(kVip).gratuitous_sent, 4u);
  EXPECT_EQ(announcer.counters().at(kVip6).gratuitous_sent, 2u);
}

TEST_F(AnnouncerTest, AnswersAndCounts) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}, {kVip6, {}}});
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)), Verdict::kReply);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskNdp(kVip6)), Verdict::kReply);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(Ip("10.0.0.9"))),
            Verdict::kNotOurs);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskNdp(kTwin6)), Verdict::kNotOurs);
  EXPECT_THAT(
      Dump(announcer.TakeFrames()),
      ElementsAre("eth0 10.0.0.1 02:00:00:00:00:02>02:00:00:00:00:cc",
                  "eth0 2001:db8::1 02:00:00:00:00:02>02:00:00:00:00:cc"));
  EXPECT_EQ(announcer.verdicts()[Verdict::kReply], 2u);
  EXPECT_EQ(announcer.verdicts()[Verdict::kNotOurs], 2u);
  const AddressCounters& counters = announcer.counters().at(kVip);
  EXPECT_EQ(counters.requests_received, 1u);
  EXPECT_EQ(counters.responses_sent, 1u);
}

TEST_F(AnnouncerTest, AnswersPriorityTaggedQuestionsWithoutATag) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}, {kVip6, {}}});
  announcer.TakeFrames();
  for (const IpAddress& vip : {kVip, kVip6}) {
    const std::vector<uint8_t> plain = vip == kVip ? AskArp(vip) : AskNdp(vip);
    announcer.OnFrame(now_, "eth0", plain);
    const std::vector<OutgoingFrame> answers = announcer.TakeFrames();
    ASSERT_THAT(answers, SizeIs(1));
    const std::vector<std::vector<uint8_t>> tags = {
        {0x81, 0, 0, 0}, {0x81, 0, 0xc0, 0}, {0x88, 0xa8, 0x70, 0}};
    for (const std::vector<uint8_t>& tag : tags) {
      std::vector<uint8_t> tagged = plain;
      tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
      EXPECT_EQ(announcer.OnFrame(now_, "eth0", tagged), Verdict::kReply);
      const std::vector<OutgoingFrame> replies = announcer.TakeFrames();
      ASSERT_THAT(replies, SizeIs(1));
      EXPECT_EQ(replies[0].bytes, answers[0].bytes);
    }
  }
}

TEST_F(AnnouncerTest, JudgesWhatIsNoArpOrNdp) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}});
  std::vector<uint8_t> tagged = AskArp(kVip);
  tagged[12] = 0x81;
  tagged[13] = 0x00;
  std::vector<uint8_t> ipv4 = AskArp(kVip);
  ipv4[12] = 0x08;
  ipv4[13] = 0x00;
  std::vector<uint8_t> icmp = AskNdp(kVip6);
  icmp[54] = 128;  // An echo request.
  std::vector<uint8_t> short_arp = AskArp(kVip);
  short_arp.resize(41);
  std::vector<uint8_t> routed = AskNdp(kVip6);
  routed[21] = 64;  // The hop limit.
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", tagged), Verdict::kTagged);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", ipv4), Verdict::kUnsupported);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", icmp), Verdict::kUnsupported);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", short_arp), Verdict::kMalformed);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", routed), Verdict::kMalformed);
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", {}), Verdict::kMalformed);
  EXPECT_EQ(announcer.OnFrame(now_, "eth1", AskArp(kVip)),
            Verdict::kUnknownInterface);
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  EXPECT_EQ(announcer.verdicts()[Verdict::kMalformed], 3u);
}

TEST_F(AnnouncerTest, AnswersOnlyOnTheInterfacesThatWereNamed) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{kVip, {{"eth1"}}}});
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)), Verdict::kNotOurs);
  EXPECT_EQ(announcer.OnFrame(now_, "eth1", AskArp(kVip)), Verdict::kReply);
}

TEST_F(AnnouncerTest, AStoppedAddressIsSilentAtOnce) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_, {{kVip, {}}, {kVip6, {}}});
  announcer.OnFrame(now_, "eth0", AskArp(kVip));
  announcer.OnFrame(now_, "eth0", RivalArp(kVip));
  announcer.SetAnnouncements(now_, {{kVip6, {}}});
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(HasSubstr(" 2001:db8::1 ")));
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)), Verdict::kNotOurs);
  EXPECT_FALSE(announcer.counters().contains(kVip));
  announcer.OnTimer(now_ + absl::Seconds(9));
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(HasSubstr(" 2001:db8::1 ")));
}

TEST_F(AnnouncerTest, ANewMacStartsAnnouncementsAgain) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}, {kVip6, {}}});
  announcer.OnFrame(now_, "eth0", AskArp(kVip));  // Queued with the old MAC.
  Interface changed = Eth0();
  changed.mac = kEth1Mac;
  EXPECT_EQ(announcer.SetLinks(now_, {changed}).ToString(),
            "refresh 10.0.0.1@eth0 2001:db8::1@eth0");
  EXPECT_THAT(
      Dump(announcer.TakeFrames()),
      ElementsAre("eth0 10.0.0.1 02:00:00:00:00:03>ff:ff:ff:ff:ff:ff",
                  "eth0 2001:db8::1 02:00:00:00:00:03>33:33:00:00:00:01",
                  "eth0 10.0.0.1 02:00:00:00:00:03>ff:ff:ff:ff:ff:ff"));
  EXPECT_THAT(announcer.TakeGroups(),
              ElementsAre(GroupChange{"eth0", Ip("ff02::1:ff00:1"),
                                      GroupChange::Action::kJoin}));
  announcer.OnFrame(now_, "eth0", AskArp(kVip));
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(HasSubstr("02:00:00:00:00:03>")));
}

TEST_F(AnnouncerTest, ALinkThatComesBackStartsAnnouncementsAgain) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}});
  EXPECT_EQ(announcer.SetLinks(now_, {}).ToString(), "stop 10.0.0.1@eth0");
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)),
            Verdict::kUnknownInterface);
  EXPECT_EQ(announcer.SetLinks(now_, {Eth0()}).ToString(),
            "start 10.0.0.1@eth0");
  EXPECT_THAT(announcer.TakeFrames(), SizeIs(2));
  EXPECT_EQ(announcer.NextDeadline(), now_ + absl::Milliseconds(100));
}

TEST_F(AnnouncerTest, ALinkLocalAddressThatComesLaterBringsIpv6) {
  Announcer announcer(options_, Prng(1));
  Interface without = Eth0();
  without.link_local.reset();
  announcer.SetLinks(now_, {without});
  EXPECT_EQ(
      announcer.SetAnnouncements(now_, {{kVip, {}}, {kVip6, {}}}).ToString(),
      "start 10.0.0.1@eth0");
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskNdp(kVip6)), Verdict::kNotOurs);
  EXPECT_EQ(announcer.SetLinks(now_, {Eth0()}).ToString(),
            "start 2001:db8::1@eth0");
  // The segment has not been asked yet whether a foreign host has it.
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskNdp(kVip6)), Verdict::kSilent);
  Run(announcer, absl::Milliseconds(200));
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskNdp(kVip6)), Verdict::kReply);
  EXPECT_EQ(announcer.SetLinks(now_, {without}).ToString(),
            "stop 2001:db8::1@eth0");
}

TEST_F(AnnouncerTest, JoinsAGroupOncePerInterfaceAndLeavesItLast) {
  const IpAddress group = Ip("ff02::1:ff00:1");
  const auto kJoin = GroupChange::Action::kJoin;
  const auto kLeave = GroupChange::Action::kLeave;
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{kVip, {}}, {kVip6, {}}});
  EXPECT_THAT(announcer.TakeGroups(),
              ElementsAre(GroupChange{"eth0", group, kJoin},
                          GroupChange{"eth1", group, kJoin}));
  announcer.SetAnnouncements(now_, {{kVip6, {}}, {kTwin6, {}}});
  EXPECT_THAT(announcer.TakeGroups(), IsEmpty());
  announcer.SetAnnouncements(now_, {{kTwin6, {{"eth0"}}}});
  // It goes on listening for a while.
  EXPECT_THAT(announcer.TakeGroups(), IsEmpty());
  Run(announcer, absl::Seconds(11));
  EXPECT_THAT(announcer.TakeGroups(),
              ElementsAre(GroupChange{"eth1", group, kLeave}));
  announcer.SetLinks(now_, {Eth1()});  // eth0's groups went with it.
  EXPECT_THAT(announcer.TakeGroups(), IsEmpty());
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  EXPECT_THAT(announcer.TakeGroups(),
              ElementsAre(GroupChange{"eth0", group, kJoin}));
  announcer.SetAnnouncements(now_, {});
  Run(announcer, absl::Seconds(11));
  EXPECT_THAT(announcer.TakeGroups(),
              ElementsAre(GroupChange{"eth0", group, kLeave}));
}

TEST_F(AnnouncerTest, DefendsAndReportsOncePerInterval) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}, {kVip6, {}}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(announcer.OnFrame(now_, "eth0", RivalArp(kVip)),
              Verdict::kConflict);
    EXPECT_EQ(announcer.OnFrame(now_, "eth0", RivalNdp(kVip6)),
              Verdict::kConflict);
  }
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{{kVip, "eth0"}, kRival},
                          Conflict{{kVip6, "eth0"}, kRival}));
  EXPECT_THAT(announcer.TakeFrames(), SizeIs(3));  // One round of each.
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  now_ += absl::Milliseconds(9999);
  announcer.OnFrame(now_, "eth0", RivalArp(kVip));
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  now_ += absl::Milliseconds(1);
  announcer.OnFrame(now_, "eth0", RivalArp(kVip));
  EXPECT_THAT(announcer.TakeConflicts(), SizeIs(1));
  EXPECT_EQ(announcer.counters().at(kVip).conflicts_seen, 7u);
  EXPECT_EQ(announcer.verdicts()[Verdict::kConflict], 12u);
  EXPECT_THAT(announcer.TakeFrames(), SizeIs(3));  // As before.
}

TEST_F(AnnouncerTest, AnotherInterfaceOfOursIsNoRival) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{kVip, {}}});
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", RivalArp(kVip, kEth1Mac)),
            Verdict::kOwnFrame);
  announcer.SetLinks(now_, {Eth0()});
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", RivalArp(kVip, kEth1Mac)),
            Verdict::kConflict);
}

TEST_F(AnnouncerTest, ConflictsNotTakenStayBounded) {
  options_.claim.defend_interval = absl::Milliseconds(1);
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}});
  for (uint8_t i = 0; i < 100; ++i) {
    announcer.OnFrame(now_, "eth0", RivalArp(kVip, {{2, 1, 1, 1, 1, i}}));
    now_ += absl::Milliseconds(1);
  }
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{{kVip, "eth0"}, {{2, 1, 1, 1, 1, 99}}}));
}

TEST_F(AnnouncerTest, DropsRepliesWhenTheQueueIsFull) {
  options_.frames_max = 3;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)), Verdict::kReply);
  }
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(kVip)), Verdict::kQueueFull);
  EXPECT_EQ(announcer.verdicts()[Verdict::kQueueFull], 1u);
  EXPECT_EQ(announcer.counters().at(kVip).requests_received, 4u);
  EXPECT_EQ(announcer.counters().at(kVip).responses_sent, 3u);
  // Probes and announcements wait, and are not lost.
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  EXPECT_THAT(announcer.TakeFrames(), SizeIs(3));
  EXPECT_LE(announcer.NextDeadline(), now_);
  announcer.OnTimer(now_);
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(HasSubstr("eth1 10.0.0.1")));
}

TEST_F(AnnouncerTest, RefusesAnnouncementsBeyondTheMaximum) {
  options_.announcements_max = 2;
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  const Announcements three = {
      {kVip, {}}, {Ip("10.0.0.2"), {}}, {Ip("10.0.0.3"), {}}};
  EXPECT_EQ(announcer.SetAnnouncements(now_, three).ToString(),
            "start 10.0.0.1@eth0 10.0.0.2@eth0");
  EXPECT_EQ(announcer.refused(), 1u);
  EXPECT_EQ(announcer.SetAnnouncements(now_, three).ToString(), "nothing");
  EXPECT_EQ(announcer.OnFrame(now_, "eth0", AskArp(Ip("10.0.0.3"))),
            Verdict::kNotOurs);
  announcer.SetAnnouncements(now_, {{Ip("10.0.0.3"), {}}});
  EXPECT_EQ(announcer.refused(), 0u);
}

TEST_F(AnnouncerTest, SurvivesRandomFrames) {
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{kVip, {}}, {kVip6, {}}});
  Prng prng(5227);
  const std::vector<uint8_t> seeds[] = {AskArp(kVip), AskNdp(kVip6),
                                        RivalArp(kVip), RivalNdp(kVip6)};
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> frame = seeds[prng.Uniform(4)];
    for (uint64_t flips = prng.Uniform(6); flips > 0; --flips) {
      frame[prng.Uniform(frame.size())] = static_cast<uint8_t>(prng.Next());
    }
    frame.resize(prng.Uniform(frame.size() + 1));
    const Verdict verdict = announcer.OnFrame(now_, "eth0", frame);
    // A conflict is answered by a round of announcements, but seldom.
    const size_t sent = announcer.TakeFrames().size();
    ASSERT_LE(sent, verdict == Verdict::kConflict ? 2 : 1) << "run " << i;
    ASSERT_TRUE(sent == 0 || verdict == Verdict::kReply ||
                verdict == Verdict::kConflict)
        << "run " << i;
  }
  EXPECT_GT(announcer.verdicts()[Verdict::kReply], 0u);
  EXPECT_GT(announcer.verdicts()[Verdict::kMalformed], 0u);
}

TEST(ValidateAnnouncerOptionsTest, NamesWhatIsWrong) {
  EXPECT_THAT(Validate(AnnouncerOptions{}), IsOk());
  EXPECT_THAT(Validate(AnnouncerOptions{.announcements_max = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("announcements_max 0")));
  EXPECT_THAT(
      Validate(AnnouncerOptions{.frames_max = 0}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("frames_max 0")));
  EXPECT_THAT(
      Validate(AnnouncerOptions{.stall_max = -absl::Seconds(1)}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stall_max")));
  EXPECT_THAT(Validate(AnnouncerOptions{.claim = {.probe_count = 0}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("claim: probe_count 0")));
  EXPECT_THAT(
      Validate(AnnouncerOptions{.schedule = {.frames_burst = 0}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("schedule")));
}

}  // namespace
}  // namespace lb::announce
