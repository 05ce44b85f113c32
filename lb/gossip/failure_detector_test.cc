#include "lb/gossip/failure_detector.h"

#include <variant>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using AckVerdict = FailureDetector::AckVerdict;

class FailureDetectorTest : public PartTest {
 protected:
  // Until the next deadline.
  void Run() {
    now_ = detector_.NextDeadline();
    detector_.OnTimer(now_);
  }
  // The first probe is that of b, the only member.
  void ProbeB() {
    Know("b");
    while (!state_->roster.broadcasts().empty()) Flush();
    Run();
    ASSERT_THAT(Sent(), ElementsAre("b: ping b"));
  }
  AckVerdict Ack(const net::Endpoint& from) {
    return detector_.OnAck(now_, from,
                           {.sequence = detector_.target().sequence});
  }

  FailureDetector detector_{*state_, now_};
};

TEST_F(FailureDetectorTest, TellsTheTimeOfADirectAck) {
  ProbeB();
  now_ += absl::Milliseconds(3);
  EXPECT_EQ(Ack(At(2)), AckVerdict::kDirect);
  ASSERT_THAT(state_->events, SizeIs(1));
  const auto& ping = std::get<PingEvent>(state_->events[0]);
  EXPECT_EQ(ping.member, "b");
  EXPECT_EQ(ping.round_trip, absl::Milliseconds(3));
  EXPECT_EQ(Ack(At(2)), AckVerdict::kOther);  // The probe is over.
}

TEST_F(FailureDetectorTest, RefusesAnAckOfAHostThatWasNotAsked) {
  ProbeB();
  EXPECT_EQ(Ack(At(9)), AckVerdict::kRefused);
  EXPECT_EQ(state_->counters.refused.acks, 1u);
  EXPECT_THAT(state_->events, IsEmpty());
  state_->places.Learn(At(2), At(9));  // The member answers from there.
  EXPECT_EQ(Ack(At(9)), AckVerdict::kDirect);
}

TEST_F(FailureDetectorTest, SuspectsAMemberThatNoWayReaches) {
  ProbeB();
  Know("c");
  while (!state_->roster.broadcasts().empty()) Flush();
  Run();
  EXPECT_THAT(Sent(), ElementsAre("c: ask for b"));
  EXPECT_EQ(StateOf("b"), wire::NodeState::kAlive);
  Run();
  EXPECT_EQ(StateOf("b"), wire::NodeState::kSuspect);
  EXPECT_EQ(state_->counters.detection.probes_failed, 1u);
  // The helper was silent too: this node may be the sick one.
  EXPECT_EQ(state_->roster.awareness().score(), 1);
}

TEST_F(FailureDetectorTest, IsContentWithTheAckOfAHelper) {
  ProbeB();
  Know("c");
  Run();
  EXPECT_EQ(Ack(At(3)), AckVerdict::kIndirect);
  EXPECT_THAT(state_->events, IsEmpty());
  EXPECT_EQ(StateOf("b"), wire::NodeState::kAlive);
}

TEST_F(FailureDetectorTest, NacksShowThatThisNodeIsWell) {
  ProbeB();
  Know("c");
  Run();
  detector_.OnNack(detector_.target().sequence);
  Run();
  EXPECT_EQ(StateOf("b"), wire::NodeState::kSuspect);
  EXPECT_EQ(state_->roster.awareness().score(), 0);
}

TEST_F(FailureDetectorTest, AsksOthersAtOnceIfThePingCannotBeSent) {
  ProbeB();
  Know("c");
  while (!state_->roster.broadcasts().empty()) Flush();
  detector_.OnSendFailed(now_, At(3));
  EXPECT_THAT(Sent(), IsEmpty());
  detector_.OnSendFailed(now_, At(2));
  EXPECT_THAT(Sent(), ElementsAre("c: ask for b"));
}

TEST_F(FailureDetectorTest, DropsTheProbeOfAMemberThatMoved) {
  ProbeB();
  detector_.OnMoved("c");
  EXPECT_LT(detector_.NextDeadline(), now_ + state_->options.probe.interval);
  detector_.OnMoved("b");
  EXPECT_EQ(Ack(At(2)), AckVerdict::kOther);
}

TEST_F(FailureDetectorTest, ForgivesTimeThatItSleptThrough) {
  ProbeB();
  const absl::Time deadline = detector_.NextDeadline();
  detector_.Shift(absl::Seconds(5));
  EXPECT_EQ(detector_.NextDeadline(), deadline + absl::Seconds(5));
}

}  // namespace
}  // namespace lb::gossip
