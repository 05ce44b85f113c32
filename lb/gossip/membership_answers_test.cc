// Answers to pings: to whom they go, and how many.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/testing/membership_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Bytes;

class AnswersTest : public MembershipTest {
 protected:
  static wire::Ping PingFrom(const std::string& name, uint32_t sequence) {
    return {.sequence = sequence, .node = "self", .source = SourceOf(name)};
  }
};

TEST_F(AnswersTest, AcksAMembersPingWhereItSaysThatItIs) {
  KnowMembers({"b"});
  HearAt(At(200), {PingFrom("b", 42)});
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_[0].to, AddressOf("b"));
  EXPECT_THAT(SentOf<wire::Ack>(), ElementsAre(wire::Ack{42, std::nullopt}));
}

// A node that joins is no member yet, and wants its ack.
TEST_F(AnswersTest, AcksANewcomersPingWhenceItCame) {
  Hear("b", PingFrom("b", 42));
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(1));
  Hear("c", wire::Ping{.sequence = 43});  // Of an old peer: without a source.
  EXPECT_THAT(SentOf<wire::Ack>("c"), SizeIs(1));
}

TEST_F(AnswersTest, AcksNobodyWhoDidNotAsk) {
  KnowMembers({"b"});
  wire::Ping ping = PingFrom("x", 1);  // Unknown.
  ping.source.address = At(9).address.ToBytes();
  HearAt(At(200), {ping});
  // Known, and elsewhere.
  ping.source = {.address = At(9).address.ToBytes(), .port = 7946, .node = "b"};
  HearAt(At(200), {ping});
  ping.source = SourceOf("b");
  ping.source.port = 53;
  HearAt(At(200), {ping});
  ASSERT_THAT(sent_, SizeIs(3));
  for (const Sent& sent : sent_) EXPECT_EQ(sent.to, At(200));
}

TEST_F(AnswersTest, IsSilentToAPingForAnother) {
  Hear("b", wire::Ping{.sequence = 42, .node = "c"});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(core_->counters().refused.name, 1u);
}

TEST_F(AnswersTest, OneAckForAThousandPingsInADatagram) {
  std::vector<wire::Message> pings;
  for (uint32_t i = 0; i < 1018; ++i) pings.push_back(PingFrom("b", i));
  HearAt(AddressOf("b"), pings);
  EXPECT_THAT(SentOf<wire::Ack>(), ElementsAre(wire::Ack{0, std::nullopt}));
  EXPECT_EQ(core_->counters().refused.answers, 1017u);
  HearAt(AddressOf("b"), {PingFrom("b", 7)});  // The next one is answered.
  EXPECT_THAT(SentOf<wire::Ack>(), SizeIs(2));
}

TEST_F(AnswersTest, OneRelayForAThousandIndirectPingsInADatagram) {
  KnowMembers({"b", "c"});
  const std::vector<wire::Message> asks(1018, Ask("b", "c", 5));
  HearAt(AddressOf("b"), asks);
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(1));
  EXPECT_EQ(core_->counters().refused.answers, 1017u);
}

TEST_F(AnswersTest, APingAndAnIndirectPingAreBothAnswered) {
  KnowMembers({"b", "c"});
  HearAt(AddressOf("b"), {PingFrom("b", 7), Ask("b", "c", 8)});
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(1));
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(1));
}

TEST_F(AnswersTest, AnAddressGetsSoManyAnswersASecond) {
  for (uint32_t i = 0; i < 5000; ++i) Hear("b", PingFrom("b", i));
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(1000));
  Hear("c", PingFrom("c", 1));
  EXPECT_THAT(SentOf<wire::Ack>("c"), SizeIs(1));
  now_ += absl::Milliseconds(10);
  Forget();
  for (uint32_t i = 0; i < 50; ++i) Hear("b", PingFrom("b", i));
  EXPECT_THAT(SentOf<wire::Ack>("b"), SizeIs(10));
}

TEST_F(AnswersTest, RelaysAnIndirectPingAndItsAck) {
  KnowMembers({"b", "c"});
  Hear("b", Ask("b", "c", 300));
  const auto pings = SentOf<wire::Ping>("c");
  ASSERT_THAT(pings, SizeIs(1));
  EXPECT_EQ(pings[0].node, "c");
  EXPECT_EQ(pings[0].source.node, "self");
  Hear("c", wire::Ack{pings[0].sequence, Bytes{'x'}});
  EXPECT_THAT(SentOf<wire::Ack>("b"),
              ElementsAre(wire::Ack{300, std::nullopt}));
  RunFor(absl::Milliseconds(450), {"b", "c"});
  EXPECT_THAT(SentOf<wire::Nack>(), IsEmpty());
}

TEST_F(AnswersTest, NacksAnIndirectPingBeforeItsProberGivesUp) {
  KnowMembers({"b", "c"});
  wire::IndirectPing ask = Ask("b", "c", 300);
  ask.port = 0;  // At our own port.
  Hear("b", ask);
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(1));
  RunFor(absl::Milliseconds(399));
  EXPECT_THAT(SentOf<wire::Nack>(), IsEmpty());
  RunFor(absl::Milliseconds(1));
  EXPECT_THAT(SentOf<wire::Nack>("b"), ElementsAre(wire::Nack{300}));
}

TEST_F(AnswersTest, RelaysToMembersOnlyAndSaysSo) {
  KnowMembers({"b", "c"});
  Hear("b", Ask("b", "x", 300));
  wire::IndirectPing ask = Ask("b", "c", 301);
  ask.target = At(9).address.ToBytes();
  Hear("b", ask);
  ask = Ask("b", "c", 302);
  ask.port = 53;
  Hear("b", ask);
  EXPECT_THAT(SentOf<wire::Ping>(), IsEmpty());
  EXPECT_EQ(core_->counters().refused.relays, 3u);
  // The asker is not to take it for its own fault.
  EXPECT_THAT(SentOf<wire::Nack>("b"),
              ElementsAre(wire::Nack{300}, wire::Nack{301}, wire::Nack{302}));
}

TEST_F(AnswersTest, CountsRelaysOverTheMaximum) {
  options_.probe.indirect_pings_max = 1;
  Restart(options_);
  KnowMembers({"b", "c"});
  for (uint32_t i = 0; i < 3; ++i) Hear("b", Ask("b", "c", i));
  EXPECT_THAT(SentOf<wire::Ping>("c"), SizeIs(1));
  EXPECT_EQ(core_->counters().overflow.relays, 2u);
}

}  // namespace
}  // namespace lb::gossip
