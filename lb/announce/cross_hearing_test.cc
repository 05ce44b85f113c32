// Two interfaces of a node on one segment answer each question twice, with two
// MACs. Their subnets need not tell: only what they hear of each other does.
#include "lb/announce/cross_hearing.h"

#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announcer.h"
#include "lb/announce/testing/announcer_fixture.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class CrossHearingTest : public AnnouncerTest,
                         public ::testing::WithParamInterface<net::IpAddress> {
 protected:
  void Begin() {
    announcer_.SetLinks(now_, {Eth0(), Eth1()});
    announcer_.SetAnnouncements(now_, {{GetParam(), {}}});
  }
  void RunFor(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    Deliver();
    while (announcer_.NextDeadline() <= end) {
      now_ = std::max(now_, announcer_.NextDeadline());
      announcer_.OnTimer(now_);
      Deliver();
    }
    now_ = end;
    announcer_.OnTimer(now_);
  }
  void Deliver() {
    for (const OutgoingFrame& frame : announcer_.TakeFrames()) {
      ++sent_;
      if (!on_one_segment_) continue;
      announcer_.OnFrame(now_, frame.interface == "eth0" ? "eth1" : "eth0",
                         frame.bytes);
    }
  }

  bool on_one_segment_ = true;
  int sent_ = 0;
  Announcer announcer_{options_, Prng(1)};
};

INSTANTIATE_TEST_SUITE_P(Families, CrossHearingTest,
                         ::testing::Values(kVip, kVip6), [](const auto& test) {
                           return test.param.is_ipv4() ? "Ipv4" : "Ipv6";
                         });

TEST_P(CrossHearingTest, ThePairIsNamedUntilALinkIsMoved) {
  Begin();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(announcer_.OnOneSegment(), ElementsAre(Pair("eth0", "eth1")));
  // Long after the announcements of the start, too.
  RunFor(absl::Minutes(10));
  EXPECT_THAT(announcer_.OnOneSegment(), ElementsAre(Pair("eth0", "eth1")));
  EXPECT_THAT(announcer_.TakeConflicts(), IsEmpty());
  on_one_segment_ = false;
  RunFor(CrossHearing::kOver);
  EXPECT_THAT(announcer_.OnOneSegment(), IsEmpty());
  // It comes back with the next announcement.
  on_one_segment_ = true;
  announcer_.Refresh(now_, {GetParam()});
  RunFor(absl::Seconds(1));
  EXPECT_THAT(announcer_.OnOneSegment(), ElementsAre(Pair("eth0", "eth1")));
}

TEST_P(CrossHearingTest, InterfacesThatAreApartAreNotAsked) {
  on_one_segment_ = false;
  Begin();
  RunFor(absl::Minutes(1));
  EXPECT_THAT(announcer_.OnOneSegment(), IsEmpty());
  sent_ = 0;
  RunFor(absl::Minutes(10));
  EXPECT_EQ(sent_, 0);
}

TEST_P(CrossHearingTest, OneAddressIsAnnouncedOnceMoreInTenSeconds) {
  Begin();
  RunFor(absl::Minutes(1));
  sent_ = 0;
  RunFor(absl::Minutes(1));
  EXPECT_GE(sent_, 6);
  EXPECT_LE(sent_, 12);  // A round has two frames at most.
}

TEST_P(CrossHearingTest, AnInterfaceThatIsGoneOrSilentIsNoPart) {
  Begin();
  RunFor(absl::Seconds(1));
  announcer_.Fence(now_);
  EXPECT_THAT(announcer_.OnOneSegment(), IsEmpty());
  announcer_.Unfence(now_);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(announcer_.OnOneSegment(), ElementsAre(Pair("eth0", "eth1")));
  announcer_.SetLinks(now_, {Eth0()});
  EXPECT_THAT(announcer_.OnOneSegment(), IsEmpty());
}

}  // namespace
}  // namespace lb::announce
