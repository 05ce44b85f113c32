#include "lb/gossip/outbox.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OutboxTest : public PartTest {};

TEST_F(OutboxTest, FillsProbesOfVerifiedMembersWithGossip) {
  Know("b");
  Hear("c");
  state_->outbox.SendPing(Record("b"), 1);
  state_->outbox.SendPing(Record("c"), 2);
  state_->outbox.SendPlain(At(2), wire::Ack{.sequence = 3});
  // Hearsay, which is about unverified members, goes last.
  EXPECT_THAT(Sent(), ElementsAre("b: ping b, alive self, alive b, alive c",
                                  "c: ping c", "b: ack 3"));
}

TEST_F(OutboxTest, TellsASuspectedMemberThatItIsSuspected) {
  Know("b").state = wire::NodeState::kSuspect;
  state_->outbox.SendPing(Record("b"), 1);
  EXPECT_THAT(Sent(), ElementsAre("b: ping b, suspect b"));
}

TEST_F(OutboxTest, SendsTheOwnAliveInAPacketOfItsOwnIfItDoesNotFit) {
  Hear("b");
  state_->outbox.SendPingAndAlive(Record("b"), 1);
  EXPECT_THAT(Sent(), ElementsAre("b: ping b, alive self"));
  state_->outbox.SetPacketOverhead(LanProfile().dissemination.udp_buffer_size -
                                   100);
  state_->outbox.SendPingAndAlive(Record("b"), 1);
  EXPECT_THAT(Sent(), ElementsAre("b: ping b", "b: alive self"));
}

TEST_F(OutboxTest, SendsNoEmptyGossip) {
  Know("b");
  Flush();
  UserMessageLog user_messages(10, 1);
  state_->outbox.GossipTo(Record("b"), user_messages);
  EXPECT_THAT(Sent(), IsEmpty());
  user_messages.Append(*state_->outbox.EncodeUserMessage({'x'}));
  state_->outbox.GossipTo(Record("b"), user_messages);
  EXPECT_THAT(Sent(), ElementsAre("b: user message"));
}

TEST_F(OutboxTest, RefusesUserMessagesThatFitNoPacket) {
  const size_t size = LanProfile().dissemination.udp_buffer_size;
  EXPECT_THAT(state_->outbox.EncodeUserMessage(wire::Bytes(size - 100)),
              IsOk());
  EXPECT_THAT(state_->outbox.EncodeUserMessage(wire::Bytes(size)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(OutboxTest, SendsWhatTheRosterTellsSingleNodes) {
  Know("b");
  state_->roster.OnSuspect(now_,
                           {.incarnation = 1, .node = "self", .from = "b"});
  state_->outbox.SendDirectMessages();
  EXPECT_THAT(Sent(), ElementsAre("b: alive self"));
  state_->outbox.SendDirectMessages();
  EXPECT_THAT(Sent(), IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
