// The announcer and the host behind it: when packets to an address are to be
// taken, what is withheld because of whom, and proxies.
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
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// What holds for IPv4 and IPv6 alike.
class AnnouncerDeliveryTest : public AnnouncerTest,
                              public ::testing::WithParamInterface<IpAddress> {
 protected:
  AnnouncerDeliveryTest() {
    options_.awaits_delivery = true;
    options_.precedence_of = [this](const Announcement&, const MacAddress&) {
      return precedence_;
    };
  }

  void Begin(Announcer& announcer, const Terms& terms) {
    announcer.SetLinks(now_, {Eth0()});
    announcer.SetAnnouncements(now_, {{vip_, terms}});
  }
  Verdict Hear(Announcer& announcer, const std::vector<uint8_t>& frame) {
    return announcer.OnFrame(now_, "eth0", frame);
  }
  void Wait(Announcer& announcer, absl::Duration time) { Run(announcer, time); }

  const IpAddress vip_ = GetParam();
  const Announcement announcement_ = {vip_, "eth0"};
  Precedence precedence_ = Precedence::kForeign;
};

INSTANTIATE_TEST_SUITE_P(Families, AnnouncerDeliveryTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(AnnouncerDeliveryTest, IsSilentUntilItIsDelivered) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {});
  EXPECT_THAT(announcer.TakeDeliveryChanges(), ElementsAre(vip_));
  EXPECT_FALSE(announcer.has_delivery_changes());
  EXPECT_TRUE(announcer.IsToDeliver(vip_));
  EXPECT_THAT(Run(announcer, options_.claim.await_max), IsEmpty());
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  announcer.ChangeDelivered(now_, {{vip_, true}});
  EXPECT_FALSE(announcer.TakeFrames().empty());
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  EXPECT_FALSE(announcer.has_delivery_changes());
}

TEST_P(AnnouncerDeliveryTest, IsNotWantedWhileItIsProbedOrConflicted) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {.role = Role::kProbeFirst});
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  Wait(announcer, absl::Milliseconds(55));
  Hear(announcer, RivalClaim(vip_));
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  const absl::Time since = now_;
  EXPECT_THAT(announcer.Withheld(vip_),
              ElementsAre(WithheldAddress{announcement_, kRival, since}));
  EXPECT_THAT(announcer.LeftToForeigners(), ElementsAre(vip_));
  // It is asked for again, and still withheld meanwhile.
  Wait(announcer, absl::Seconds(10) + absl::Milliseconds(50));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  Hear(announcer, RivalClaim(vip_));
  EXPECT_THAT(announcer.Withheld(vip_),
              ElementsAre(WithheldAddress{announcement_, kRival, since}));
  announcer.TakeConflicts();
  announcer.TakeDeliveryChanges();
  // The host is gone.
  Wait(announcer, absl::Seconds(11));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAwaiting);
  EXPECT_THAT(announcer.TakeDeliveryChanges(), ElementsAre(vip_));
  EXPECT_TRUE(announcer.IsToDeliver(vip_));
  EXPECT_THAT(announcer.Withheld(vip_), IsEmpty());
  EXPECT_THAT(announcer.LeftToForeigners(), IsEmpty());
  EXPECT_THAT(
      announcer.TakeConflicts(),
      ElementsAre(Conflict{announcement_, kRival, Outcome::kTakenBack}));
}

TEST_P(AnnouncerDeliveryTest, IsNotWantedOnceItIsYielded) {
  precedence_ = Precedence::kTheirs;
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {});
  announcer.ChangeDelivered(now_, {{vip_, true}});
  announcer.TakeDeliveryChanges();
  Hear(announcer, RivalClaim(vip_));
  EXPECT_THAT(announcer.TakeDeliveryChanges(), ElementsAre(vip_));
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  // Between members only what lasts is shown.
  EXPECT_THAT(announcer.Withheld(vip_), IsEmpty());
  Wait(announcer, absl::Milliseconds(500));
  EXPECT_THAT(announcer.Withheld(vip_), SizeIs(1));
  EXPECT_THAT(announcer.LeftToForeigners(), IsEmpty());
}

TEST_P(AnnouncerDeliveryTest, OneInterfaceIsEnough) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
  Hear(announcer, RivalClaim(vip_));
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  Wait(announcer, absl::Milliseconds(200));
  EXPECT_TRUE(announcer.IsToDeliver(vip_));
  EXPECT_THAT(announcer.Withheld(vip_), SizeIs(1));
  EXPECT_THAT(announcer.LeftToForeigners(), IsEmpty());
}

// Somebody took it off the host again.
TEST_P(AnnouncerDeliveryTest, FallsSilentWhileItIsNotDeliveredAnyMore) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {});
  announcer.ChangeDelivered(now_, {{vip_, true}});
  Wait(announcer, absl::Seconds(6));
  announcer.ChangeDelivered(now_, {{vip_, false}});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAwaiting);
  EXPECT_TRUE(announcer.IsToDeliver(vip_));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
  EXPECT_THAT(Run(announcer, absl::Seconds(1)), IsEmpty());
  announcer.ChangeDelivered(now_, {{vip_, true}});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_THAT(Run(announcer, absl::Milliseconds(10)), Not(IsEmpty()));
}

// Another host may have taken it while no node answered for it.
TEST_P(AnnouncerDeliveryTest, IsProbedAgainIfItWasSilentForLong) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {});
  Wait(announcer, options_.claim.await_max + absl::Milliseconds(1));
  announcer.ChangeDelivered(now_, {{vip_, true}});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  announcer.ChangeDelivered(now_,
                            {{vip_, false}});  // As it is wanted no longer.
  Wait(announcer, absl::Milliseconds(200));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAwaiting);
  announcer.ChangeDelivered(now_, {{vip_, true}});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
}

TEST_P(AnnouncerDeliveryTest, IsWantedNoLongerWhenItStopsOrIsFenced) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, {});
  announcer.ChangeDelivered(now_, {{vip_, true}});
  announcer.TakeDeliveryChanges();
  announcer.Fence(now_);
  EXPECT_THAT(announcer.TakeDeliveryChanges(), ElementsAre(vip_));
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
  announcer.ChangeDelivered(now_, {{vip_, false}});
  announcer.Unfence(now_);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAwaiting);
  announcer.TakeDeliveryChanges();
  announcer.SetAnnouncements(now_, {});
  EXPECT_THAT(announcer.TakeDeliveryChanges(), ElementsAre(vip_));
  EXPECT_FALSE(announcer.IsToDeliver(vip_));
}

class AnnouncerProxyTest : public AnnouncerDeliveryTest {
 protected:
  AnnouncerProxyTest() {
    options_.awaits_delivery = false;
    options_.is_spare = [this](const IpAddress& address) {
      return address != vip_;
    };
  }
  // Probes, and hears a foreign host; returns the decoys.
  std::vector<IpAddress> MeetRival(Announcer& announcer, const Terms& terms) {
    Begin(announcer, terms);
    announcer.TakeFrames();
    Hear(announcer, RivalClaim(vip_));
    EXPECT_TRUE(announcer.TakeHearingChange());
    announcer.OnTimer(now_);
    std::vector<IpAddress> decoys;
    for (const OutgoingFrame& frame : announcer.TakeFrames()) {
      if (frame.vip != vip_) decoys.push_back(frame.vip);
    }
    EXPECT_THAT(decoys, SizeIs(3));
    for (const IpAddress& decoy : decoys) {
      EXPECT_TRUE(announcer.HeardOn("eth0").contains(decoy));
    }
    return decoys;
  }
};

INSTANTIATE_TEST_SUITE_P(Families, AnnouncerProxyTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(AnnouncerProxyTest, AHostWithOneAddressIsReportedAsBefore) {
  Announcer announcer(options_, Prng(1));
  MeetRival(announcer, {.role = Role::kProbeFirst});
  EXPECT_THAT(announcer.TakeConflicts(), IsEmpty());
  Wait(announcer, absl::Seconds(2));
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{announcement_, kRival, Outcome::kWithheld}));
  EXPECT_THAT(announcer.HeardOn("eth0"), ElementsAre(vip_));
}

TEST_P(AnnouncerProxyTest, AProxyIsNamed) {
  Announcer announcer(options_, Prng(1));
  for (const IpAddress& decoy :
       MeetRival(announcer, {.role = Role::kProbeFirst})) {
    Hear(announcer, RivalClaim(decoy));
  }
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{announcement_, kRival, Outcome::kProxied}));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kConflicted);
  ASSERT_THAT(announcer.Withheld(vip_), SizeIs(1));
  EXPECT_TRUE(announcer.Withheld(vip_)[0].by_proxy);
}

TEST_P(AnnouncerProxyTest, AProxyIsOverlookedWhereTheTermsSaySo) {
  Announcer announcer(options_, Prng(1));
  for (const IpAddress& decoy : MeetRival(
           announcer, {.role = Role::kProbeFirst, .despite_proxy = true})) {
    Hear(announcer, RivalClaim(decoy));
  }
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kRival);
  Wait(announcer, absl::Milliseconds(300));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_THAT(
      announcer.TakeConflicts(),
      ElementsAre(Conflict{announcement_, kRival, Outcome::kOverlooked}));
}

TEST_P(AnnouncerProxyTest, TermsMayChangeMeanwhile) {
  Announcer announcer(options_, Prng(1));
  for (const IpAddress& decoy :
       MeetRival(announcer, {.role = Role::kProbeFirst})) {
    Hear(announcer, RivalClaim(decoy));
  }
  const AnnouncementPlan plan = announcer.SetAnnouncements(
      now_, {{vip_, {.role = Role::kProbeFirst, .despite_proxy = true}}});
  EXPECT_THAT(plan.retune, ElementsAre(announcement_));
  Wait(announcer, absl::Milliseconds(300));
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
}

TEST_P(AnnouncerProxyTest, AnAddressMayHaveItsOwnPeriod) {
  Announcer announcer(options_, Prng(1));
  const auto refreshes = [&](absl::Duration period) {
    Begin(announcer, {.refresh = period});
    Wait(announcer, absl::Seconds(6));
    return Run(announcer, absl::Seconds(100)).size() / (vip_.is_ipv4() ? 2 : 1);
  };
  EXPECT_EQ(refreshes(absl::ZeroDuration()), 0u);
  EXPECT_THAT(refreshes(absl::Seconds(10)),
              ::testing::AllOf(::testing::Ge(9u), ::testing::Le(11u)));
}

}  // namespace
}  // namespace lb::announce
