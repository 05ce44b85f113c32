// One test for each rule by which claims change what we believe of others.
#include "lb/gossip/roster.h"

#include <cstdint>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/testing/roster_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/ip_prefix.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::Bytes;
using wire::NodeState;

// Alive.

TEST_F(RosterTest, StartsWithItselfAtIncarnationOne) {
  EXPECT_EQ(IncarnationOf("self"), 1u);
  EXPECT_EQ(StateOf("self"), NodeState::kAlive);
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(Alive("self", 1))));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, AliveOfAnUnknownNodeAddsItAndIsPassedOn) {
  Flush();
  HearAlive("b", 1);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(Alive("b", 1))));
}

TEST_F(RosterTest, AliveWithIncarnationZeroMakesNobodyAlive) {
  HearAlive("b", 0);
  EXPECT_FALSE(Knows("b"));
}

TEST_F(RosterTest, AliveNeedsAHigherIncarnation) {
  HearAlive("b", 5);
  Flush();
  HearAlive("b", 5);
  HearAlive("b", 4);
  EXPECT_FALSE(Gossips("b"));
  EXPECT_EQ(counters_.refused.stale, 2u);
  HearAlive("b", 6);
  EXPECT_EQ(IncarnationOf("b"), 6u);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, AliveWithOtherMetaIsAnUpdate) {
  HearAlive("b", 1);
  Flush();
  wire::Alive alive = Alive("b", 2);
  alive.meta = Bytes{'x'};
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("updated b"));
  EXPECT_EQ(Record("b").meta(), Bytes{'x'});
}

TEST_F(RosterTest, AliveEndsASuspicionWithoutAnEvent) {
  HearAlive("b", 1);
  HearSuspect("b", 1, "c");
  Flush();
  HearAlive("b", 1);
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  HearAlive("b", 2);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(roster_->NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, RefusesWhatNoNodeSays) {
  const struct {
    const char* what;
    void (*spoil)(wire::Alive&);
    uint64_t RefusalCounters::*counter;
  } cases[] = {
      {"no name", [](wire::Alive& a) { a.node.clear(); },
       &RefusalCounters::name},
      {"long name", [](wire::Alive& a) { a.node.resize(256, 'x'); },
       &RefusalCounters::size},
      {"long meta", [](wire::Alive& a) { a.meta = Bytes(513); },
       &RefusalCounters::size},
      {"long versions", [](wire::Alive& a) { a.versions->resize(13); },
       &RefusalCounters::size},
      {"no versions", [](wire::Alive& a) { a.versions.reset(); },
       &RefusalCounters::version},
      {"few versions", [](wire::Alive& a) { a.versions->resize(5); },
       &RefusalCounters::version},
      {"version 0", [](wire::Alive& a) { (*a.versions)[0] = 0; },
       &RefusalCounters::version},
      {"versions reversed", [](wire::Alive& a) { (*a.versions)[0] = 6; },
       &RefusalCounters::version},
      {"older than ours",
       [](wire::Alive& a) { a.versions = {1, 1, 1, 0, 0, 0}; },
       &RefusalCounters::version},
      {"newer than ours",
       [](wire::Alive& a) { a.versions = {5, 5, 5, 0, 0, 0}; },
       &RefusalCounters::version},
      {"speaks newer", [](wire::Alive& a) { a.versions = {1, 6, 6, 0, 0, 0}; },
       &RefusalCounters::version},
      {"other delegate",
       [](wire::Alive& a) { a.versions = {1, 5, 2, 1, 1, 1}; },
       &RefusalCounters::version},
      {"address of 3 bytes", [](wire::Alive& a) { a.address.resize(3); },
       &RefusalCounters::address},
      {"no address",
       [](wire::Alive& a) {
         a.address = {0, 0, 0, 0};
       },
       &RefusalCounters::address},
      {"multicast",
       [](wire::Alive& a) {
         a.address = {224, 0, 0, 1};
       },
       &RefusalCounters::address},
  };
  for (const auto& [what, spoil, counter] : cases) {
    Restart(LanProfile());
    wire::Alive alive = Alive("b", 1);
    spoil(alive);
    roster_->OnAlive(now_, alive);
    EXPECT_EQ(counters_.refused.*counter, 1u) << what;
    EXPECT_EQ(roster_->table().size(), 1u) << what;
  }
}

TEST_F(RosterTest, PortZeroIsOurOwnPort) {
  wire::Alive alive = Alive("b", 1);
  alive.port = 0;
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(Record("b").endpoint(), Host(2));
}

TEST_F(RosterTest, AdmitsAllowedAddressesOnly) {
  GossipOptions options;
  options.admission.cidrs_allowed = {*net::ParseIpPrefix("10.0.0.0/30")};
  Restart(options);
  HearAlive("b", 1);  // .2
  HearAlive("d", 1);  // .4
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("d"));
  EXPECT_EQ(counters_.refused.address, 1u);
}

TEST_F(RosterTest, CountsMembersOverTheMaximum) {
  GossipOptions options;
  options.admission.members_max = 2;
  Restart(options);
  HearAlive("b", 1);
  HearAlive("c", 1);
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("c"));
  EXPECT_EQ(counters_.overflow.members, 1u);
}

// Addresses and conflicts.

TEST_F(RosterTest, AnotherAddressForALivingNameIsAConflict) {
  HearAlive("b", 1);
  Flush();
  wire::Alive alive = Alive("b", 9);
  alive.port = 7000;
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("conflict b"));
  EXPECT_EQ(Record("b").endpoint(), Host(2));
  EXPECT_EQ(IncarnationOf("b"), 1u);
  EXPECT_EQ(counters_.refused.conflicts, 1u);
}

TEST_F(RosterTest, OurNameFromElsewhereIsAConflict) {
  wire::Alive alive = Alive("self", 9);
  alive.address = Host(9).address.ToBytes();
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("conflict self"));
  EXPECT_EQ(IncarnationOf("self"), 1u);
}

TEST_F(RosterTest, MappedAddressIsTheSameAddress) {
  HearAlive("b", 1);
  wire::Alive alive = Alive("b", 2);
  const auto mapped = Host(2).address.ToMappedBytes();
  alive.address.assign(mapped.begin(), mapped.end());
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(counters_.refused.conflicts, 0u);
  EXPECT_EQ(IncarnationOf("b"), 2u);
  EXPECT_EQ(Record("b").node->address.size(), 16u);  // Passed on as it came.
}

TEST_F(RosterTest, NameOfANodeThatLeftMoves) {
  HearAlive("b", 7);
  HearDead("b", 7, "b");
  Flush();
  wire::Alive alive = Alive("b", 1);
  alive.port = 7000;
  roster_->OnAlive(now_, alive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_EQ(Record("b").endpoint().port, 7000);
  EXPECT_EQ(IncarnationOf("b"), 1u);  // Its count begins again.
}

TEST_F(RosterTest, NameOfADeadNodeMovesAfterTheReclaimTime) {
  for (const bool reclaim : {false, true}) {
    GossipOptions options;
    if (reclaim) options.admission.dead_node_reclaim_time = absl::Seconds(5);
    Restart(options);
    HearAlive("b", 7);
    HearDead("b", 7, "c");
    wire::Alive alive = Alive("b", 1);
    alive.port = 7000;
    now_ = kStart + absl::Seconds(5);
    roster_->OnAlive(now_, alive);
    EXPECT_FALSE(Record("b").is_up());
    now_ = kStart + absl::Seconds(6);
    roster_->OnAlive(now_, alive);
    EXPECT_EQ(Record("b").is_up(), reclaim);
    now_ = kStart;
  }
}

// Suspicion.

TEST_F(RosterTest, SuspectOfALivingNodeStartsATimerAndIsPassedOn) {
  HearAlive("b", 3);
  Flush();
  HearSuspect("b", 3, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(4));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, SuspectOfAnUnknownOrOldIncarnationIsStale) {
  HearSuspect("b", 3, "c");
  EXPECT_FALSE(Knows("b"));
  HearAlive("b", 3);
  HearSuspect("b", 2, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(counters_.refused.stale, 2u);
}

TEST_F(RosterTest, AccusersHaveNamesOfALength) {
  HearAlive("b", 1);
  HearSuspect("b", 1, std::string(kNameSizeMax + 1, 'x'));
  HearDead("b", 1, std::string(kNameSizeMax + 1, 'x'));
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(counters_.refused.size, 2u);
  HearSuspect("b", 1, std::string(kNameSizeMax, 'x'));
  EXPECT_EQ(StateOf("b"), NodeState::kSuspect);
}

TEST_F(RosterTest, SuspectAdvancesTheIncarnation) {
  HearAlive("b", 3);
  HearSuspect("b", 5, "c");
  EXPECT_EQ(IncarnationOf("b"), 5u);
  HearSuspect("b", 6, "c");
  EXPECT_EQ(IncarnationOf("b"), 6u);
}

// A node that missed the answer to the first accusation must not end a second
// one by the time of the first: all others know the node alive until then.
TEST_F(RosterTest, SuspectOfALaterIncarnationIsANewSuspicion) {
  for (const char* name : {"b", "c", "d", "e"}) {
    HearAlive(name, 1);
    Answered(name);
  }
  HearSuspect("b", 1, "c");
  now_ = kStart + absl::Seconds(20);
  Flush();
  HearSuspect("b", 2, "d");
  EXPECT_TRUE(Gossips("b"));
  EXPECT_EQ(Record("b").since, now_);
  EXPECT_EQ(roster_->NextDeadline(), now_ + absl::Seconds(24));
  HearSuspect("b", 2, "c");  // No second time: of this incarnation.
  EXPECT_LT(roster_->NextDeadline(), now_ + absl::Seconds(24));
}

TEST_F(RosterTest, FurtherAccusersShortenTheSuspicion) {
  for (const char* name : {"b", "c", "d", "e"}) {
    HearAlive(name, 1);
    Answered(name);
  }
  HearSuspect("b", 1, "c");
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(24));
  Flush();
  HearSuspect("b", 1, "c");
  EXPECT_FALSE(Gossips("b"));
  HearSuspect("b", 1, "d");
  EXPECT_TRUE(Gossips("b"));
  HearSuspect("b", 1, "e");
  EXPECT_EQ(roster_->NextDeadline(), kStart + absl::Seconds(4));
}

TEST_F(RosterTest, ExpiredSuspicionIsAFailure) {
  HearAlive("b", 3);
  HearSuspect("b", 3, "c");
  Flush();
  roster_->OnTimer(kStart + absl::Milliseconds(3999));
  EXPECT_THAT(Events(), IsEmpty());
  roster_->OnTimer(kStart + absl::Seconds(4));
  EXPECT_THAT(Events(), ElementsAre("failed b"));
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_THAT(Queued(),
              ElementsAre(wire::EncodeMessage(wire::Dead{3, "b", "self"})));
  EXPECT_EQ(counters_.detection.failures, 1u);
}

TEST_F(RosterTest, SuspectOfADeadNodeChangesNothing) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  HearSuspect("b", 3, "d");
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_EQ(roster_->NextDeadline(), absl::InfiniteFuture());
}

// Dead and left.

TEST_F(RosterTest, DeadWinsAtAnEqualIncarnation) {
  HearAlive("b", 3);
  Flush();
  HearDead("b", 2, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  HearDead("b", 3, "c");
  EXPECT_EQ(StateOf("b"), NodeState::kDead);
  EXPECT_TRUE(Gossips("b"));
  EXPECT_THAT(Events(), ElementsAre("failed b"));
}

TEST_F(RosterTest, DeadSaidByTheNodeItselfIsALeave) {
  HearAlive("b", 3);
  Flush();
  HearDead("b", 3, "b");
  EXPECT_EQ(StateOf("b"), NodeState::kLeft);
  EXPECT_THAT(Events(), ElementsAre("left b"));
}

// Then it may return at another address; see Relocation.
TEST_F(RosterTest, OneThatFailedMayStillTakeLeave) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  Flush();
  HearDead("b", 4, "b");
  EXPECT_EQ(StateOf("b"), NodeState::kLeft);
  EXPECT_EQ(IncarnationOf("b"), 4u);
  EXPECT_FALSE(Gossips("b"));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(RosterTest, DeadNodeComesBackWithAHigherIncarnation) {
  HearAlive("b", 3);
  HearDead("b", 3, "c");
  Flush();
  HearAlive("b", 4);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_THAT(Events(), ElementsAre("joined b"));
}

TEST_F(RosterTest, StaleAliveOfADeadNodeIsAnsweredWithTheAccusation) {
  HearAlive("b", 100);
  HearDead("b", 100, "c");
  Flush();
  HearAlive("b", 1);  // It restarted.
  HearAlive("b", 1);  // Not twice at once.
  const auto direct = roster_->TakeDirect();
  ASSERT_EQ(direct.size(), 1u);
  EXPECT_EQ(direct[0].to, Host(2));
  EXPECT_EQ(std::get<wire::Dead>(direct[0].message),
            (wire::Dead{100, "b", "self"}));
  now_ += options_.probe.interval;
  HearAlive("b", 1);
  EXPECT_EQ(roster_->TakeDirect().size(), 1u);
}

TEST_F(RosterTest, StaleAliveOfANodeThatLeftHearsOfItsLeave) {
  HearAlive("b", 100);
  HearDead("b", 100, "b");
  Flush();
  HearAlive("b", 1);
  const auto direct = roster_->TakeDirect();
  ASSERT_EQ(direct.size(), 1u);
  EXPECT_EQ(std::get<wire::Dead>(direct[0].message),
            (wire::Dead{100, "b", "b"}));
}

}  // namespace
}  // namespace lb::gossip
