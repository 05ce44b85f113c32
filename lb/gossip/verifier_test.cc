#include "lb/gossip/verifier.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class VerifierTest : public PartTest {
 protected:
  void Come(const std::string& name) {
    Hear(name);
    verifier_.Add(now_, name);
  }
  // The number of the last ping.
  uint32_t PingNumber() {
    const auto packets = state_->outbox.Take();
    const auto message = wire::ParseMessage(packets.back().messages[0]);
    return std::get<wire::Ping>(*message).sequence;
  }

  Verifier verifier_{*state_, root_};
};

TEST_F(VerifierTest, PingsANewcomerAndTellsItOfThisNode) {
  Come("b");
  EXPECT_EQ(verifier_.size(), 1u);
  verifier_.PingNewcomers(now_);
  EXPECT_THAT(Sent(), ElementsAre("b: ping b, alive self"));
  verifier_.PingNewcomers(now_);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(VerifierTest, AnAckVerifiesAndShowsWhereTheMemberAnswers) {
  Come("b");
  verifier_.PingNewcomers(now_);
  const uint32_t sequence = PingNumber();
  EXPECT_FALSE(verifier_.OnAck(At(9), sequence + 1));
  EXPECT_FALSE(Record("b").verified);
  EXPECT_TRUE(verifier_.OnAck(At(9), sequence));
  EXPECT_TRUE(Record("b").verified);
  EXPECT_TRUE(state_->places.Matches(At(2), At(9)));
}

TEST_F(VerifierTest, PingsThePeerOfAnExchangeAtOnce) {
  Come("b");
  Come("c");
  verifier_.PingNewcomers(now_);
  Sent();
  now_ += state_->options.probe.timeout;
  const std::vector<wire::PushNodeState> members = {{.node = Record("b").node},
                                                    {.node = Record("c").node}};
  verifier_.OnExchange(now_, At(3), members);
  EXPECT_THAT(Sent(), ElementsAre("c: ping c, alive self"));
}

TEST_F(VerifierTest, TriesAgainAndSuspectsAMemberThatIsSilent) {
  Come("b");
  verifier_.PingNewcomers(now_);
  Sent();
  for (int i = 0; i < 10 && StateOf("b") == wire::NodeState::kAlive; ++i) {
    now_ = verifier_.NextDeadline();
    verifier_.OnTimer(now_);
  }
  EXPECT_EQ(StateOf("b"), wire::NodeState::kSuspect);
  EXPECT_EQ(state_->counters.detection.newcomer_pings, 2u);
  EXPECT_EQ(state_->counters.detection.newcomer_probes_failed, 1u);
  // A member that may be invented says nothing of this node's health.
  EXPECT_EQ(state_->roster.awareness().score(), 0);
}

TEST_F(VerifierTest, DropsAMemberThatIsDown) {
  Come("b");
  verifier_.Remove("b");
  EXPECT_EQ(verifier_.size(), 0u);
  verifier_.PingNewcomers(now_);
  EXPECT_THAT(Sent(), IsEmpty());
}

}  // namespace
}  // namespace lb::gossip
