// The announcer with rivals: probing, yielding, handing over, fencing.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announcer.h"
#include "lb/announce/testing/announcer_fixture.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using net::MacAddress;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What holds for IPv4 and IPv6 alike.
class AnnouncerClaimsTest : public AnnouncerTest,
                            public ::testing::WithParamInterface<IpAddress> {
 protected:
  AnnouncerClaimsTest() {
    options_.precedence_of = [this](const Announcement&, const MacAddress&) {
      return precedence_;
    };
  }

  // Makes `announcer` probe, announce or hand over on eth0, by its role.
  void Begin(Announcer& announcer, Role role) {
    announcer.SetLinks(now_, {Eth0()});
    announcer.SetAnnouncements(now_, {{vip_, {.role = role}}});
  }
  Verdict Hear(Announcer& announcer, const std::vector<uint8_t>& frame) {
    return announcer.OnFrame(now_, "eth0", frame);
  }
  // The form of the first frame of a round.
  std::string Form() const { return vip_.is_ipv4() ? "request" : "advert"; }
  std::string Line(int millisecond, std::string_view kind) const {
    return fmt::format("{} eth0 {} {}", millisecond, kind, vip_.ToString());
  }

  const IpAddress vip_ = GetParam();
  const Announcement announcement_ = {vip_, "eth0"};
  Precedence precedence_ = Precedence::kForeign;
};

INSTANTIATE_TEST_SUITE_P(Families, AnnouncerClaimsTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(AnnouncerClaimsTest, ProbesInSilenceThenAnnouncesOnTrial) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  EXPECT_THAT(Run(announcer, absl::Milliseconds(59)),
              ElementsAre(Line(0, "probe"), Line(50, "probe")));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  EXPECT_EQ(Run(announcer, absl::Milliseconds(10)).front(), Line(1, Form()));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  EXPECT_THAT(Run(announcer, absl::Milliseconds(40)),
              Contains(Line(31, "probe")));
  EXPECT_EQ(announcer.counters().at(vip_).probes_sent, 3u);
}

TEST_P(AnnouncerClaimsTest, WithdrawsWhatAForeignHostClaimsOnTrial) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  Run(announcer, absl::Milliseconds(80));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kConflict);
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{announcement_, kRival, Outcome::kWithheld}));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  EXPECT_THAT(announcer.LeftToForeigners(), ElementsAre(vip_));
  EXPECT_THAT(Run(announcer, absl::Milliseconds(9999)), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, JoinsTheGroupBeforeItProbes) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  EXPECT_THAT(announcer.TakeGroups(), SizeIs(vip_.is_ipv6() ? 1 : 0));
}

TEST_P(AnnouncerClaimsTest, WithholdsWhatAForeignHostHas) {
  for (const auto& frame : {RivalClaim(vip_), RivalProbe(vip_)}) {
    Announcer announcer(options_, Prng(1));
    Begin(announcer, Role::kProbeFirst);
    Run(announcer, absl::Milliseconds(55));
    EXPECT_EQ(Hear(announcer, frame), Verdict::kConflict);
    EXPECT_THAT(
        announcer.TakeConflicts(),
        ElementsAre(Conflict{announcement_, kRival, Outcome::kWithheld}));
    EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kRival);
    EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
    EXPECT_THAT(Run(announcer, absl::Milliseconds(9999)), IsEmpty());
    // The host is gone.
    EXPECT_EQ(Run(announcer, absl::Milliseconds(2)).front(), Line(1, "probe"));
    Run(announcer, absl::Milliseconds(200));
    EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
    EXPECT_EQ(announcer.counters().at(vip_).conflicts_seen, 1u);
  }
}

TEST_P(AnnouncerClaimsTest, ItsOwnProbesOnAnotherInterfaceAreNoConflict) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
  EXPECT_EQ(Hear(announcer, RivalProbe(vip_, kEth1Mac)), Verdict::kOwnFrame);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, YieldsWatchesAndTakesBack) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);  // Not yet taken.
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kConflict);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kYielded);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  // The watch goes to the rival alone; what was queued before is gone.
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(fmt::format("eth0 {} {}>{}", vip_.ToString(),
                                      kEth0Mac.ToString(), kRival.ToString())));
  EXPECT_THAT(Run(announcer, absl::Milliseconds(1200)),
              ElementsAre(Line(500, "watch"), Line(1000, "watch")));
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{announcement_, kRival, Outcome::kYielded}));
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kRival);
  // Silent from here on: three watches are in vain.
  const auto lines = Run(announcer, absl::Milliseconds(1800));
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[2], Line(1300, "watch"));
  EXPECT_EQ(lines[3], Line(1800, Form()));
  EXPECT_THAT(
      announcer.TakeConflicts(),
      ElementsAre(Conflict{announcement_, kRival, Outcome::kTakenBack}));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
}

TEST_P(AnnouncerClaimsTest, ReclaimsWhatItYielded) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  announcer.Reclaim(now_, vip_);  // Of no effect.
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  Hear(announcer, RivalClaim(vip_));
  announcer.TakeFrames();
  announcer.Reclaim(now_, vip_);
  EXPECT_EQ(Run(announcer, {}).front(), Line(0, Form()));
  EXPECT_THAT(Run(announcer, absl::Milliseconds(99)), IsEmpty());
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, InsistsAtOnceAndHearsThatTheRivalYields) {
  precedence_ = Precedence::kOurs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kConflict);
  EXPECT_EQ(Run(announcer, {}).front(), Line(0, Form()));
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  now_ += absl::Milliseconds(500);
  EXPECT_EQ(Hear(announcer, RivalWatch(vip_, kEth0Mac)), Verdict::kReply);
  EXPECT_THAT(
      announcer.TakeConflicts(),
      ElementsAre(Conflict{announcement_, kRival, Outcome::kRivalYields}));
  EXPECT_THAT(Run(announcer, {}), ElementsAre(Line(0, "reply")));
}

// Its kernel checks whether we are still reachable.
TEST_P(AnnouncerClaimsTest, AMemberThatIsAClientIsNoRival) {
  precedence_ = Precedence::kOurs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Hear(announcer, ReachabilityCheck(vip_, kRival, kEth0Mac)),
              Verdict::kReply);
    now_ += absl::Milliseconds(500);
  }
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, HandsOverWhenAnotherAnnounces) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kAnnounce);
  announcer.TakeFrames();
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kHandOver}}});
  EXPECT_THAT(Run(announcer, absl::Minutes(5)), IsEmpty());
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  EXPECT_THAT(Run(announcer, {}), ElementsAre(Line(0, "reply")));
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kRival);
  EXPECT_THAT(announcer.TakeHandedOver(), ElementsAre(announcement_));
  EXPECT_THAT(announcer.TakeHandedOver(), IsEmpty());
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  // Back again.
  announcer.SetAnnouncements(now_, {{vip_, {}}});
  EXPECT_EQ(Run(announcer, {}).front(), Line(0, Form()));
}

TEST_P(AnnouncerClaimsTest, AnOldOwnerThatYieldedHasHandedOver) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  Hear(announcer, RivalClaim(vip_));
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kHandOver}}});
  EXPECT_THAT(announcer.TakeHandedOver(), ElementsAre(announcement_));
  EXPECT_THAT(Run(announcer, absl::Minutes(5)), IsEmpty());
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, AChangedMacKeepsTheState) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  Hear(announcer, RivalClaim(vip_));
  announcer.TakeFrames();
  Interface changed = Eth0();
  changed.mac = kEth1Mac;
  announcer.SetLinks(now_, {changed});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kYielded);
  now_ += absl::Milliseconds(500);
  announcer.OnTimer(now_);
  EXPECT_THAT(Dump(announcer.TakeFrames()),
              ElementsAre(HasSubstr(kEth1Mac.ToString() + ">")));
}

TEST_P(AnnouncerClaimsTest, IsFencedBeforeItLooksAtAFrame) {
  options_.stall_max = absl::Milliseconds(400);
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kAnnounce);
  Run(announcer, absl::Seconds(60));  // Runs itself often enough.
  EXPECT_FALSE(announcer.fenced());
  EXPECT_LE(announcer.NextDeadline() - now_, absl::Milliseconds(100));
  now_ += absl::Milliseconds(300);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);  // Frames run it too.
  now_ += absl::Milliseconds(400);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  EXPECT_EQ(announcer.TakeStall(), std::nullopt);
  now_ += absl::Milliseconds(401);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kFenced);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kFenced);
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());  // Untaken ones are dropped.
  EXPECT_EQ(announcer.TakeStall(), absl::Milliseconds(401));
  EXPECT_EQ(announcer.TakeStall(), std::nullopt);
  EXPECT_EQ(announcer.NextDeadline(), absl::InfiniteFuture());
  EXPECT_EQ(announcer.verdicts()[Verdict::kFenced], 2u);
}

TEST_P(AnnouncerClaimsTest, AnyCallMeetsTheFence) {
  const auto with_stall = [this](auto call) {
    options_.stall_max = absl::Milliseconds(400);
    Announcer announcer(options_, Prng(1));
    Begin(announcer, Role::kAnnounce);
    announcer.TakeFrames();
    now_ += absl::Seconds(1);
    call(announcer);
    EXPECT_TRUE(announcer.fenced());
    EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  };
  with_stall([&](Announcer& a) { a.OnTimer(now_); });
  with_stall([&](Announcer& a) { a.SetLinks(now_, {Eth1()}); });
  with_stall([&](Announcer& a) {
    a.SetAnnouncements(now_, {{vip_, {}}, {Ip("10.0.0.9"), {}}});
  });
  with_stall([&](Announcer& a) { a.Refresh(now_, {vip_}); });
  with_stall([&](Announcer& a) { a.Reclaim(now_, vip_); });
}

// A node that announced nothing was stopped, woke up, found by its timers that
// the others were gone, and took their addresses before it had heard them.
TEST_P(AnnouncerClaimsTest, IdleItNoticesAStallToo) {
  options_.stall_max = absl::Milliseconds(400);
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  EXPECT_EQ(announcer.NextDeadline(), now_ + absl::Milliseconds(100));
  now_ += absl::Hours(1);
  announcer.SetAnnouncements(now_, {{vip_, {}}});
  EXPECT_TRUE(announcer.fenced());
  EXPECT_EQ(announcer.TakeStall(), absl::Hours(1));
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
}

TEST_P(AnnouncerClaimsTest, UnfencedItBeginsWhatIsStillAsked) {
  Announcer announcer(options_, Prng(1));
  const IpAddress lost = Ip("10.0.0.9");
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_,
                             {{vip_, {.role = Role::kProbeFirst}}, {lost, {}}});
  announcer.Fence(now_);
  EXPECT_TRUE(announcer.fenced());
  EXPECT_THAT(Run(announcer, absl::Minutes(2)), IsEmpty());
  EXPECT_EQ(
      announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}})
          .ToString(),
      "stop 10.0.0.9@eth0");
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kIdle);
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  announcer.Unfence(now_);
  EXPECT_THAT(Run(announcer, absl::Milliseconds(55)),
              ElementsAre(Line(0, "probe"), Line(50, "probe")));
  Run(announcer, absl::Milliseconds(60));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  announcer.Unfence(now_);  // Nothing.
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  // What was announced goes on at once.
  announcer.Fence(now_);
  announcer.Unfence(now_);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
}

TEST_P(AnnouncerClaimsTest, AnInterfaceThatComesWhileFencedIsSilent) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kAnnounce);
  announcer.Fence(now_);
  Interface renamed = Eth0();
  renamed.mac = kRival;
  announcer.SetLinks(now_, {renamed, Eth1()});
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kHandOver}}});
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
  announcer.Unfence(now_);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kHandingOver);
  // On that interface it has not been asked whether a foreign host has it.
  EXPECT_FALSE(announcer.current().contains({vip_, "eth1"}));
}

// Each of these used to begin the address again as one that a member had: the
// probes that were under way were forgotten.
TEST_P(AnnouncerClaimsTest, ProbesThatWereCutShortAreMadeAgain) {
  const auto probes_again = [this](auto interrupt) {
    // Before the first announcement, and on trial.
    for (const int milliseconds : {40, 80}) {
      Announcer announcer(options_, Prng(1));
      announcer.SetLinks(now_, {Eth0()});
      announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
      Run(announcer, absl::Milliseconds(milliseconds));
      // The caller takes an address that it was told to announce for its own.
      announcer.SetAnnouncements(now_, {{vip_, {}}});
      interrupt(announcer);
      EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
      EXPECT_THAT(Run(announcer, absl::Milliseconds(55)),
                  ElementsAre(Line(0, "probe"), Line(50, "probe")));
      Run(announcer, absl::Milliseconds(20));
      EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
    }
  };
  probes_again([this](Announcer& announcer) {  // Its interface flaps.
    announcer.SetLinks(now_, {});
    announcer.SetLinks(now_, {Eth0()});
  });
  probes_again([this](Announcer& announcer) {  // The node stands still.
    announcer.Fence(now_);
    announcer.SetAnnouncements(now_, {{vip_, {}}});
    announcer.Unfence(now_);
  });
  probes_again([this](Announcer& announcer) {  // Its interface is not named.
    announcer.SetAnnouncements(now_, {{vip_, {.interfaces = {"eth7"}}}});
    announcer.SetAnnouncements(now_, {{vip_, {}}});
  });
  probes_again([this](Announcer& announcer) {  // It is given away, and back.
    announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kHandOver}}});
    announcer.SetAnnouncements(now_, {{vip_, {}}});
  });
}

// What a member had, it had on the interfaces of that time.
TEST_P(AnnouncerClaimsTest, AnInterfaceThatComesLaterIsProbedFirst) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kAnnounce);
  const Announcement later = {vip_, "eth1"};
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kProbing);
  announcer.OnFrame(now_, "eth1", RivalClaim(vip_));
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kConflicted);
  // Neither a flap of eth1 nor a fence makes it ours there.
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kProbing);
  announcer.Fence(now_);
  announcer.Unfence(now_);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kProbing);
  Run(announcer, absl::Milliseconds(200));
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kAnnouncing);
  // Where it was announced it goes on at once.
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kAnnouncing);
  // If it is taken away and told again, its role says whether it is probed.
  announcer.SetAnnouncements(now_, {});
  Run(announcer, absl::Seconds(11));
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
  EXPECT_EQ(announcer.StateOf(later), ClaimState::kProbing);
}

TEST_P(AnnouncerClaimsTest, RefreshesOnceWhatItAnnounces) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Settle(announcer, {{vip_, {}}});
  announcer.Refresh(now_, {vip_, Ip("10.0.0.9")});
  EXPECT_EQ(Run(announcer, absl::Minutes(5)).front(), Line(0, Form()));
  EXPECT_EQ(announcer.NextDeadline(), absl::InfiniteFuture());
  Hear(announcer, RivalClaim(vip_));
  announcer.TakeFrames();
  announcer.Refresh(now_, {vip_});
  EXPECT_THAT(announcer.TakeFrames(), IsEmpty());
}

TEST_F(AnnouncerTest, AKernelFilterMustLetThroughWhatItHasAndWatches) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{kVip, {{"eth0"}}}, {kVip6, {{"eth1"}}}});
  announcer.SetWatched({Ip("10.0.0.9")});
  EXPECT_THAT(announcer.HeardOn("eth0"), ElementsAre(kVip, Ip("10.0.0.9")));
  EXPECT_THAT(announcer.HeardOn("eth1"), ElementsAre(Ip("10.0.0.9"), kVip6));
  EXPECT_THAT(announcer.HeardOn("eth2"), ElementsAre(Ip("10.0.0.9")));
}

}  // namespace
}  // namespace lb::announce
