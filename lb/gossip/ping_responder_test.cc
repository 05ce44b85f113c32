#include "lb/gossip/ping_responder.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PingResponderTest : public PartTest {
 protected:
  static wire::Ping PingOf(const std::string& from, const std::string& node) {
    return {.sequence = 7, .node = node, .source = SourceOf(from)};
  }
  static wire::IndirectPing Ask(const std::string& by, const std::string& of) {
    return {.sequence = 7,
            .target = AddressOf(of).address.ToBytes(),
            .port = 7946,
            .node = of,
            .nack = true,
            .source = SourceOf(by)};
  }
  // A datagram large enough for any answer.
  void Receive(const std::string& from) {
    responder_.OnReceived(now_, AddressOf(from), 1000);
  }

  PingResponder responder_{*state_};
};

TEST_F(PingResponderTest, AcksOnePingOfADatagram) {
  Receive("b");
  const wire::Ping ping = PingOf("b", "self");
  ASSERT_TRUE(responder_.Accepts(ping));
  EXPECT_TRUE(responder_.Ack(now_, At(2), ping));
  EXPECT_THAT(Sent(), ElementsAre("b: ack 7"));
  EXPECT_FALSE(responder_.Accepts(ping));
  EXPECT_EQ(state_->counters.refused.answers, 1u);
}

TEST_F(PingResponderTest, RefusesAPingForAnotherNode) {
  Receive("b");
  EXPECT_FALSE(responder_.Accepts(PingOf("b", "c")));
  EXPECT_EQ(state_->counters.refused.name, 1u);
}

TEST_F(PingResponderTest, SendsNoMoreThanTheSenderPaidFor) {
  responder_.OnReceived(now_, At(2), 1);
  EXPECT_FALSE(responder_.Ack(now_, At(2), PingOf("b", "self")));
  EXPECT_EQ(state_->counters.refused.answers, 1u);
}

TEST_F(PingResponderTest, AnswersAtTheNamedAddressOnlyIfAMemberHasIt) {
  Receive("z");
  responder_.Ack(now_, AddressOf("z"), PingOf("b", "self"));
  EXPECT_THAT(Sent(), ElementsAre("z: ack 7"));
  Hear("b");
  responder_.Ack(now_, AddressOf("z"), PingOf("b", "self"));
  EXPECT_THAT(Sent(), ElementsAre("b: ack 7"));
}

TEST_F(PingResponderTest, GivesItsPayloadToVerifiedMembers) {
  int asked = 0;
  responder_.SetAckPayload([&] {
    ++asked;
    return wire::Bytes{'x'};
  });
  Receive("b");
  Hear("b");
  responder_.Ack(now_, At(2), PingOf("b", "self"));
  EXPECT_EQ(asked, 0);
  Know("b");
  responder_.Ack(now_, At(2), PingOf("b", "self"));
  EXPECT_EQ(asked, 1);
}

TEST_F(PingResponderTest, PassesOnTheAckOfAnIndirectPing) {
  Know("b");
  Know("c");
  Receive("b");
  responder_.OnIndirectPing(now_, At(2), Ask("b", "c"));
  EXPECT_THAT(Sent(), ElementsAre("c: ping c"));
  responder_.OnAck(At(9), {.sequence = 1});
  EXPECT_EQ(state_->counters.refused.acks, 1u);
  EXPECT_THAT(Sent(), IsEmpty());
  responder_.OnAck(At(3), {.sequence = 1});
  EXPECT_THAT(Sent(), ElementsAre("b: ack 7"));
  responder_.OnAck(At(3), {.sequence = 1});
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(PingResponderTest, SaysThatASilentTargetIsSilent) {
  Know("b");
  Know("c");
  Receive("b");
  responder_.OnIndirectPing(now_, At(2), Ask("b", "c"));
  Sent();
  EXPECT_EQ(responder_.NextDeadline(),
            now_ + state_->options.probe.timeout * 0.8);
  responder_.OnTimer(responder_.NextDeadline());
  EXPECT_THAT(Sent(), ElementsAre("b: nack 7"));
}

TEST_F(PingResponderTest, PingsNoStranger) {
  Know("b");
  Receive("b");
  responder_.OnIndirectPing(now_, At(2), Ask("b", "d"));
  EXPECT_THAT(Sent(), ElementsAre("b: nack 7"));
  EXPECT_EQ(state_->counters.refused.relays, 1u);
}

}  // namespace
}  // namespace lb::gossip
