#include "lb/gossip/indirect_probe.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/part_fixture.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class IndirectProbeTest : public PartTest {
 protected:
  // A probe of `member`, with nothing left to gossip.
  Prober ProbeOf(const std::string& member) {
    while (!state_->roster.broadcasts().empty()) Flush();
    Prober prober;
    prober.Begin(now_, {.name = member, .sequence = 1}, absl::Seconds(1),
                 absl::Seconds(2));
    return prober;
  }
};

TEST_F(IndirectProbeTest, AsksOtherVerifiedMembersAndTriesTcp) {
  for (const char* name : {"b", "c", "d"}) Know(name);
  Hear("e");
  Prober prober = ProbeOf("b");
  AskHelpers(*state_, now_, prober);
  EXPECT_THAT(Sent(), UnorderedElementsAre("c: ask for b", "d: ask for b"));
  EXPECT_THAT(Opened(), ElementsAre("b"));
  EXPECT_THAT(prober.helpers(), UnorderedElementsAre(At(3), At(4)));
  EXPECT_EQ(state_->counters.detection.indirect_probes, 2u);
  EXPECT_EQ(state_->counters.detection.stream_pings, 1u);
}

TEST_F(IndirectProbeTest, EndsIfTheTargetIsDownAlready) {
  Know("b").state = wire::NodeState::kDead;
  Know("c");
  Prober prober = ProbeOf("b");
  AskHelpers(*state_, now_, prober);
  EXPECT_FALSE(prober.running());
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(IndirectProbeTest, SuspectsATargetThatIsUp) {
  Know("b");
  SuspectTarget(*state_, now_, ProbeOf("b"));
  EXPECT_EQ(StateOf("b"), wire::NodeState::kSuspect);
  Know("c").state = wire::NodeState::kLeft;
  SuspectTarget(*state_, now_, ProbeOf("c"));
  EXPECT_EQ(StateOf("c"), wire::NodeState::kLeft);
}

TEST_F(IndirectProbeTest, KnowsWhereAProbeGoes) {
  Know("b");
  Prober prober = ProbeOf("b");
  EXPECT_TRUE(IsBoundFor(*state_, prober, At(2)));
  EXPECT_FALSE(IsBoundFor(*state_, prober, At(3)));
  prober.Cancel();
  EXPECT_FALSE(IsBoundFor(*state_, prober, At(2)));
}

}  // namespace
}  // namespace lb::gossip
