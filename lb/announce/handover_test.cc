#include "lb/announce/handover.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointee;

constexpr absl::Time kStart = absl::UnixEpoch();
const net::IpAddress kVip = net::IpAddress::Ipv4(0xc6336401);

class HandoverTest : public testing::Test {
 protected:
  // Runs all deadlines up to `offset` after the start.
  void RunUntil(absl::Duration offset) {
    while (handover_.NextDeadline() <= kStart + offset) {
      handover_.OnTimer(handover_.NextDeadline());
    }
  }

  Handover handover_{{.claim_wait = absl::Seconds(1),
                      .deliver_grace = absl::Milliseconds(500)}};
};

TEST_F(HandoverTest, AnswersUntilTheNewNodeIsHeardAndDeliversForLonger) {
  handover_.Begin(kStart, kVip, {"eth0"});
  EXPECT_THAT(handover_.Answering(kVip), Pointee(ElementsAre("eth0")));
  handover_.OnClaimed(kStart + absl::Milliseconds(20), kVip);
  EXPECT_EQ(handover_.Answering(kVip), nullptr);
  EXPECT_FALSE(handover_.IsAnswering());
  RunUntil(absl::Milliseconds(519));
  EXPECT_TRUE(handover_.Delivers(kVip));
  RunUntil(absl::Milliseconds(520));
  EXPECT_TRUE(handover_.empty());
  EXPECT_EQ(handover_.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(HandoverTest, ANodeThatIsNeverHeardIsWaitedForOnlySoLong) {
  handover_.Begin(kStart, kVip, {});
  RunUntil(absl::Milliseconds(999));
  EXPECT_THAT(handover_.Answering(kVip), Pointee(IsEmpty()));
  RunUntil(absl::Seconds(1));
  EXPECT_EQ(handover_.Answering(kVip), nullptr);
  EXPECT_FALSE(handover_.IsAnswering());
  EXPECT_TRUE(handover_.Delivers(kVip));
  RunUntil(absl::Milliseconds(1500));
  EXPECT_TRUE(handover_.empty());
}

// Somebody may wait for the end, a node that leaves above all.
TEST_F(HandoverTest, WhatIsTakenBackIsAnEndToBeTold) {
  for (const bool keeps : {true, false}) {
    handover_.Begin(kStart, kVip, {});
    keeps ? handover_.Keep(kVip) : handover_.Cancel(kVip);
    EXPECT_EQ(handover_.NextDeadline(), absl::InfinitePast());
    handover_.OnTimer(kStart);
    EXPECT_TRUE(handover_.empty());
    EXPECT_EQ(handover_.NextDeadline(), absl::InfiniteFuture());
    // There is nothing to tell about an address that was not being given away.
    keeps ? handover_.Keep(kVip) : handover_.Cancel(kVip);
    EXPECT_EQ(handover_.NextDeadline(), absl::InfiniteFuture());
  }
}

TEST_F(HandoverTest, SaysWhichAddressesAreToBeLookedAt) {
  const net::IpAddress other = net::IpAddress::Ipv4(0xc6336402);
  handover_.Begin(kStart, kVip, {});
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(kVip));
  handover_.Begin(kStart, kVip, {});
  EXPECT_THAT(handover_.TakeChanged(), IsEmpty());
  handover_.Begin(kStart, other, {});
  handover_.OnClaimed(kStart, kVip);
  EXPECT_TRUE(handover_.IsAnswering());
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(kVip, other));
  handover_.Cancel(other);
  EXPECT_FALSE(handover_.IsAnswering());
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(other));
  RunUntil(absl::Milliseconds(500));
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(kVip));
  handover_.Yield(kStart + absl::Seconds(1), other);
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(other));
  RunUntil(absl::Milliseconds(1500));
  EXPECT_THAT(handover_.TakeChanged(), ElementsAre(other));
}

TEST_F(HandoverTest, RepeatedInputsProlongNothing) {
  handover_.Begin(kStart, kVip, {});
  handover_.Begin(kStart + absl::Milliseconds(900), kVip, {});
  RunUntil(absl::Seconds(1));
  handover_.OnClaimed(kStart + absl::Milliseconds(1400), kVip);
  RunUntil(absl::Milliseconds(1500));
  EXPECT_TRUE(handover_.empty());
}

TEST_F(HandoverTest, AnAddressThatStaysIsForgotten) {
  handover_.Begin(kStart, kVip, {});
  handover_.Keep(kVip);
  handover_.OnClaimed(kStart, kVip);
  EXPECT_TRUE(handover_.empty());
}

TEST_F(HandoverTest, WhatIsYieldedIsDeliveredForTheGraceAlone) {
  handover_.Yield(kStart, kVip);
  EXPECT_EQ(handover_.Answering(kVip), nullptr);
  EXPECT_FALSE(handover_.IsAnswering());
  EXPECT_TRUE(handover_.Delivers(kVip));
  handover_.Yield(kStart + absl::Milliseconds(400), kVip);  // No longer.
  RunUntil(absl::Milliseconds(499));
  EXPECT_FALSE(handover_.empty());
  RunUntil(absl::Milliseconds(500));
  EXPECT_TRUE(handover_.empty());
  handover_.Yield(kStart + absl::Seconds(1), kVip);
  handover_.Cancel(kVip);
  EXPECT_TRUE(handover_.empty());
  EXPECT_EQ(handover_.NextDeadline(), absl::InfinitePast());  // To be told.
}

// Each election while it lasts says again that the address is ours.
TEST_F(HandoverTest, WhatWasYieldedIsDeliveredForTheWholeGrace) {
  handover_.Yield(kStart, kVip);
  handover_.Keep(kVip);
  RunUntil(absl::Milliseconds(499));
  EXPECT_TRUE(handover_.Delivers(kVip));
  RunUntil(absl::Milliseconds(500));
  EXPECT_TRUE(handover_.empty());
}

}  // namespace
}  // namespace lb::announce
