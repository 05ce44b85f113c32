// The announcer with addresses that it announced until a moment ago.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announcer.h"
#include "lb/announce/testing/announcer_fixture.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

// What holds for IPv4 and IPv6 alike.
class AnnouncerReleasedTest : public AnnouncerTest,
                              public ::testing::WithParamInterface<IpAddress> {
 protected:
  void Begin(Announcer& announcer, Role role) {
    announcer.SetLinks(now_, {Eth0()});
    announcer.SetAnnouncements(now_, {{vip_, {.role = role}}});
  }
  Verdict Hear(Announcer& announcer, const std::vector<uint8_t>& frame) {
    return announcer.OnFrame(now_, "eth0", frame);
  }
  std::string Line(int millisecond, std::string_view kind) const {
    return fmt::format("{} eth0 {} {}", millisecond, kind, vip_.ToString());
  }

  const IpAddress vip_ = GetParam();
  const Announcement announcement_ = {vip_, "eth0"};
};

INSTANTIATE_TEST_SUITE_P(Families, AnnouncerReleasedTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

// A Service that is deleted and created again.
TEST_P(AnnouncerReleasedTest, AnAddressOfAMomentAgoIsAnsweredAtOnce) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  Run(announcer, absl::Seconds(1));
  announcer.SetAnnouncements(now_, {});
  announcer.TakeGroups();
  EXPECT_THAT(announcer.HeardOn("eth0"), ElementsAre(vip_));
  EXPECT_TRUE(announcer.Hears("eth0", vip_));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kNotOurs);
  EXPECT_THAT(Run(announcer, absl::Seconds(9)), IsEmpty());
  EXPECT_THAT(announcer.TakeGroups(), IsEmpty());  // It is still in it.
  Begin(announcer, Role::kProbeFirst);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kReply);
  announcer.TakeFrames();
  EXPECT_THAT(Run(announcer, absl::Milliseconds(120)),
              IsSupersetOf({Line(50, "probe"), Line(100, "probe")}));
  EXPECT_EQ(Hear(announcer, RivalClaim(vip_)), Verdict::kConflict);
  EXPECT_THAT(announcer.TakeConflicts(),
              ElementsAre(Conflict{announcement_, kRival, Outcome::kWithheld}));
  EXPECT_EQ(Hear(announcer, Ask(vip_)), Verdict::kSilent);
}

TEST_P(AnnouncerReleasedTest, AnAddressOfAMomentAgoIsProbedForAfterAnyDoubt) {
  const std::vector<std::function<void(Announcer&)>> doubts = {
      [&](Announcer& a) { Hear(a, RivalClaim(vip_)); },
      [&](Announcer& a) { Hear(a, RivalProbe(vip_)); },
      [&](Announcer& a) { Run(a, absl::Seconds(11)); },
      [&](Announcer& a) { a.SetLinks(now_, {}); },
      [&](Announcer& a) { a.Fence(now_), a.Unfence(now_); },
  };
  for (size_t i = 0; i < doubts.size(); ++i) {
    SCOPED_TRACE(i);
    Announcer announcer(options_, Prng(1));
    Begin(announcer, Role::kProbeFirst);
    Run(announcer, absl::Seconds(1));
    announcer.SetAnnouncements(now_, {});
    doubts[i](announcer);
    Begin(announcer, Role::kProbeFirst);
    EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
  }
  // One that a host claimed while it was announced.
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  Run(announcer, absl::Seconds(1));
  Hear(announcer, RivalClaim(vip_));
  announcer.SetAnnouncements(now_, {});
  Begin(announcer, Role::kProbeFirst);
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kProbing);
}

// Two interfaces on one segment.
TEST_P(AnnouncerReleasedTest, FramesOfThisNodeRaiseNoDoubtOfAnAddressThatWent) {
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0(), Eth1()});
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
  Run(announcer, absl::Seconds(1));
  announcer.SetAnnouncements(now_, {});
  Hear(announcer, RivalProbe(vip_, kEth1Mac));
  announcer.SetAnnouncements(now_, {{vip_, {.role = Role::kProbeFirst}}});
  EXPECT_EQ(announcer.StateOf(announcement_), ClaimState::kAnnouncing);
}

TEST_P(AnnouncerReleasedTest, AnAddressThatWentIsListenedForSomeSeconds) {
  Announcer announcer(options_, Prng(1));
  Begin(announcer, Role::kProbeFirst);
  Run(announcer, absl::Seconds(1));
  announcer.TakeGroups();
  announcer.SetAnnouncements(now_, {});
  EXPECT_FALSE(announcer.TakeHearingChange());
  EXPECT_THAT(Run(announcer, absl::Seconds(11)), IsEmpty());
  EXPECT_TRUE(announcer.TakeHearingChange());
  EXPECT_THAT(announcer.HeardOn("eth0"), IsEmpty());
  EXPECT_FALSE(announcer.Hears("eth0", vip_));
  EXPECT_THAT(announcer.TakeGroups(), SizeIs(vip_.is_ipv6() ? 1 : 0));
  EXPECT_EQ(announcer.NextDeadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lb::announce
