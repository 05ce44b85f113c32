// Tests which acks count: of which member, and under which number.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/newcomer_queue.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::SizeIs;
using wire::NodeState;

class AcksTest : public MembershipTest {
 protected:
  // The number of the next ping to b, which was just sent.
  uint32_t NextPing() {
    Forget();
    while (SentOf<wire::Ping>("b").empty()) RunFor(absl::Milliseconds(1));
    return SentOf<wire::Ping>("b").back().sequence;
  }
  // `ack` from an endpoint that is no member's.
  void HearFrom(const net::Endpoint& from, const wire::Message& message) {
    HearAt(from, {message});
  }
};

TEST_F(AcksTest, NumbersGoOnFromTheFirstOne) {
  first_number_ = 1'000'000;
  Restart(Quiet());
  KnowMembers({"b"});
  const uint32_t number = NextPing();
  EXPECT_GT(number, 1'000'000u);
  EXPECT_LT(number, 1'001'000u);
}

TEST_F(AcksTest, NumbersWrapBelowThoseOfNewcomers) {
  first_number_ = NewcomerQueue::kSequenceMin - 2;
  Restart(Quiet());
  KnowMembers({"b"});
  Forget();
  RunFor(absl::Seconds(10), {"b"});
  const auto pings = SentOf<wire::Ping>("b");
  ASSERT_THAT(pings, SizeIs(10));
  for (const wire::Ping& ping : pings) {
    EXPECT_LT(ping.sequence, NewcomerQueue::kSequenceMin);
  }
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(AcksTest, AFirstNumberAboveAllIsNone) {
  first_number_ = 0xffffffff;
  Restart(Quiet());
  KnowMembers({"b"});
  RunFor(absl::Seconds(5), {"b"});
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

TEST_F(AcksTest, ADirectAckFromElsewhereDoesNotCount) {
  KnowMembers({"b"});
  const uint32_t number = NextPing();
  HearFrom(At(200), wire::Ack{number, {}});
  HearFrom({At(2).address, 999}, wire::Ack{number, {}});
  EXPECT_EQ(core_->counters().refused.acks, 2u);
  EXPECT_THAT(EventsOf<PingEvent>(), SizeIs(0));
  RunFor(options_.probe.interval);
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
}

TEST_F(AcksTest, TheTargetsOwnCountsAfterOneFromElsewhere) {
  KnowMembers({"b"});
  const uint32_t number = NextPing();
  HearFrom(At(200), wire::Ack{number, {}});
  Hear("b", wire::Ack{number, {}});
  EXPECT_THAT(EventsOf<PingEvent>(), SizeIs(1));
  RunFor(options_.probe.interval * 0.9);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
}

// Only who was asked may pass one on.
TEST_F(AcksTest, AnAckThroughAnotherIsOfWhoWasAsked) {
  KnowMembers({"b", "c"});
  while (SentOf<wire::IndirectPing>("c").empty()) {
    RunFor(absl::Milliseconds(10), {"c"});
  }
  const uint32_t number = SentOf<wire::IndirectPing>("c")[0].sequence;
  HearFrom(At(200), wire::Ack{number, {}});
  EXPECT_EQ(core_->counters().refused.acks, 1u);
  Hear("c", wire::Ack{number, {}});
  RunFor(absl::Milliseconds(600), {"c"});
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(core_->counters().detection.probes_failed, 0u);
}

// A socket bound to no address answers from the one that routing picks.
TEST_F(AcksTest, AMemberMayAnswerFromTheAddressThatItWasHeardFrom) {
  Hear("b", Alive("b"));
  HearFrom(At(200), wire::Ack{SentOf<wire::Ping>("b").back().sequence, {}});
  ASSERT_TRUE(core_->Find("b")->verified);
  HearFrom(At(200), wire::Ack{NextPing(), {}});
  EXPECT_EQ(core_->counters().refused.acks, 0u);
  EXPECT_THAT(EventsOf<PingEvent>(), SizeIs(1));
  HearFrom(At(201), wire::Ack{NextPing(), {}});
  EXPECT_EQ(core_->counters().refused.acks, 1u);
}

TEST_F(AcksTest, OfAMemberThatFailedThePlaceIsForgotten) {
  Hear("b", Alive("b"));
  HearFrom(At(200), wire::Ack{SentOf<wire::Ping>("b").back().sequence, {}});
  Hear("c", wire::Dead{1, "b", "c"});
  Hear("b", Alive("b", 2));
  Hear("b", wire::Ack{SentOf<wire::Ping>("b").back().sequence, {}});
  ASSERT_TRUE(core_->Find("b")->verified);
  HearFrom(At(200), wire::Ack{NextPing(), {}});
  EXPECT_EQ(core_->counters().refused.acks, 1u);
}

TEST_F(AcksTest, ARelayPassesOnTheAckOfItsTargetOnly) {
  KnowMembers({"b", "c"});
  Hear("b", wire::IndirectPing{.sequence = 300,
                               .target = AddressOf("c").address.ToBytes(),
                               .port = 7946,
                               .node = "c"});
  const auto pings = SentOf<wire::Ping>("c");
  ASSERT_FALSE(pings.empty());
  HearFrom(At(200), wire::Ack{pings.back().sequence, {}});
  EXPECT_EQ(core_->counters().refused.acks, 1u);
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(0));
  Hear("c", wire::Ack{pings.back().sequence, {}});
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(1));
}

}  // namespace
}  // namespace lb::gossip
