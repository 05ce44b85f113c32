// What is claimed of ourselves, and full exchanges; see roster_test.cc.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/status_macros.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/testing/roster_fixture.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using wire::Bytes;
using wire::NodeState;

// About ourselves.

TEST_F(RosterTest, RefutesAccusations) {
  const struct {
    const char* what;
    void (RosterTest::*hear)(const std::string&, uint32_t, const std::string&);
    uint32_t accusation;
    uint32_t incarnation;
  } cases[] = {
      {"suspect", &RosterTest::HearSuspect, 1, 2},
      {"suspect ahead", &RosterTest::HearSuspect, 7, 8},
      {"suspect old", &RosterTest::HearSuspect, 0, 1},
      {"dead", &RosterTest::HearDead, 1, 2},
      {"dead ahead", &RosterTest::HearDead, 8, 9},
      {"dead old", &RosterTest::HearDead, 0, 1},
  };
  for (const auto& [what, hear, accusation, incarnation] : cases) {
    SCOPED_TRACE(what);
    Restart(LanProfile());
    HearAlive("b", 1);
    Flush();
    (this->*hear)("self", accusation, "b");
    EXPECT_EQ(IncarnationOf("self"), incarnation);
    EXPECT_EQ(StateOf("self"), NodeState::kAlive);
    EXPECT_EQ(Gossips("self"), incarnation > 1);
    EXPECT_EQ(roster_->awareness().score(), incarnation > 1 ? 1 : 0);
    // Its accuser hears of it in any case.
    const auto direct = roster_->TakeDirect();
    ASSERT_EQ(direct.size(), 1u);
    EXPECT_EQ(direct[0].to, Host(2));
    EXPECT_EQ(std::get<wire::Alive>(direct[0].message),
              Alive("self", incarnation));
  }
}

// Else one datagram full of accusations would bring an answer to each.
TEST_F(RosterTest, AnAccuserIsAnsweredOncePerGossipInterval) {
  HearAlive("b", 1);
  HearAlive("c", 1);
  Flush();
  for (int i = 0; i < 100; ++i) HearSuspect("self", 0, "b");
  EXPECT_THAT(roster_->TakeDirect(), SizeIs(1));
  HearDead("self", 0, "c");  // Others have their own.
  EXPECT_THAT(roster_->TakeDirect(), SizeIs(1));
  now_ += options_.dissemination.interval;
  HearSuspect("self", 0, "b");
  EXPECT_THAT(roster_->TakeDirect(), SizeIs(1));
}

TEST_F(RosterTest, OurOwnAliveComingBackIsNothing) {
  Flush();
  HearAlive("self", 1);
  EXPECT_EQ(IncarnationOf("self"), 1u);
  EXPECT_FALSE(Gossips("self"));
}

TEST_F(RosterTest, AliveOfAnEarlierLifeIsOutdone) {
  HearAlive("self", 20);
  EXPECT_EQ(IncarnationOf("self"), 21u);
  EXPECT_EQ(counters_.detection.refutations, 1u);
}

TEST_F(RosterTest, AliveOfUsWithOtherMetaIsOutdone) {
  wire::Alive alive = Alive("self", 1);
  alive.meta = Bytes{'x'};
  roster_->OnAlive(now_, alive);
  EXPECT_EQ(IncarnationOf("self"), 2u);
}

TEST_F(RosterTest, IncarnationsTooFarAheadAreRefused) {
  const uint32_t max = std::numeric_limits<uint32_t>::max();
  HearAlive("b", 1);
  HearSuspect("b", max, "c");
  HearDead("b", max, "c");
  HearAlive("b", max);
  HearSuspect("self", max, "c");
  HearDead("self", max, "c");
  EXPECT_EQ(counters_.refused.incarnation, 5u);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
  EXPECT_EQ(IncarnationOf("b"), 1u);
  EXPECT_EQ(IncarnationOf("self"), 1u);
  HearDead("self", 1 + kIncarnationJumpMax, "c");
  EXPECT_EQ(IncarnationOf("self"), 2 + kIncarnationJumpMax);
}

TEST_F(RosterTest, IncarnationNeverWraps) {
  const uint32_t max = std::numeric_limits<uint32_t>::max();
  uint32_t incarnation = 1;
  while (incarnation < max) {  // In steps that are believed.
    incarnation += std::min(kIncarnationJumpMax, max - incarnation);
    HearDead("self", incarnation, "c");
    ASSERT_GE(IncarnationOf("self"), incarnation);
  }
  EXPECT_EQ(IncarnationOf("self"), max);
}

TEST_F(RosterTest, SetMetaRaisesTheIncarnation) {
  Flush();
  roster_->SetMeta({'x'});
  wire::Alive alive = Alive("self", 2);
  alive.meta = Bytes{'x'};
  EXPECT_THAT(Queued(), ElementsAre(wire::EncodeMessage(alive)));
  EXPECT_EQ(counters_.detection.refutations, 0u);
}

TEST_F(RosterTest, LeaveIsSaidAndNotTakenBack) {
  Flush();
  roster_->Leave(now_);
  EXPECT_EQ(StateOf("self"), NodeState::kLeft);
  EXPECT_THAT(Queued(),
              ElementsAre(wire::EncodeMessage(wire::Dead{1, "self", "self"})));
  HearAlive("self", 20);
  HearSuspect("self", 20, "c");
  HearDead("self", 20, "self");
  EXPECT_EQ(StateOf("self"), NodeState::kLeft);
  EXPECT_EQ(counters_.detection.refutations, 0u);
}

// Full exchanges.

class RosterMergeTest : public RosterTest {
 protected:
  absl::Status Exchange(const wire::PushPull& remote) {
    LB_RETURN_IF_ERROR(roster_->Admit(now_, remote));
    roster_->Merge(now_, remote.nodes);
    return absl::OkStatus();
  }

  wire::PushNodeState Entry(const std::string& name, uint32_t incarnation,
                            NodeState state,
                            const std::optional<Bytes>& versions = Versions()) {
    return {.node = wire::Share({.name = name,
                                 .address = AddressOf(name).address.ToBytes(),
                                 .port = 7946,
                                 .versions = versions}),
            .incarnation = incarnation,
            .state = state};
  }
};

TEST_F(RosterMergeTest, TakesOverWhatThePeerKnows) {
  HearAlive("c", 1);
  HearAlive("d", 1);
  HearAlive("e", 1);
  Flush();
  EXPECT_THAT(Exchange({.nodes = {Entry("b", 1, NodeState::kAlive),
                                  Entry("c", 1, NodeState::kLeft),
                                  Entry("d", 1, NodeState::kDead),
                                  Entry("e", 1, NodeState::kSuspect)}}),
              IsOk());
  EXPECT_THAT(Events(), ElementsAre("joined b", "left c"));
  // The dead are suspected only: they may yet answer.
  EXPECT_EQ(StateOf("d"), NodeState::kSuspect);
  EXPECT_EQ(StateOf("e"), NodeState::kSuspect);
}

TEST_F(RosterMergeTest, DoesNotLearnOfUnknownNodesThatAreGone) {
  EXPECT_THAT(Exchange({.nodes = {Entry("b", 1, NodeState::kDead),
                                  Entry("c", 1, NodeState::kLeft),
                                  Entry("d", 1, NodeState::kSuspect)}}),
              IsOk());
  EXPECT_EQ(roster_->table().size(), 1u);
}

TEST_F(RosterMergeTest, OurselvesKnownAsDeadIsRefuted) {
  EXPECT_THAT(Exchange({.nodes = {Entry("self", 8, NodeState::kDead)}}),
              IsOk());
  EXPECT_EQ(IncarnationOf("self"), 9u);
  EXPECT_THAT(Exchange({.nodes = {Entry("self", 9, NodeState::kLeft)}}),
              IsOk());
  EXPECT_EQ(IncarnationOf("self"), 10u);
}

TEST_F(RosterMergeTest, RefusesPeersOfAnotherProtocolAltogether) {
  const Bytes strange = {3, 5, 3, 0, 0, 0};  // We speak 2.
  EXPECT_THAT(
      Exchange({.nodes = {Entry("self", 8, NodeState::kDead),
                          Entry("c", 1, NodeState::kAlive, strange),
                          Entry("d", 1, NodeState::kAlive, strange)}}),
      StatusIs(
          absl::StatusCode::kFailedPrecondition,
          HasSubstr("node c: speaks protocol 3 of 3..5, delegate 0 of 0..0; we "
                    "speak 2 of 1..5 and 0 of 0..0")));
  EXPECT_EQ(IncarnationOf("self"), 1u);
  EXPECT_EQ(counters_.refused.merges, 1u);
}

// Somebody may have invented it.
TEST_F(RosterMergeTest, AMemberOfAnotherProtocolPoisonsNoExchange) {
  const wire::PushNodeState strange =
      Entry("c", 1, NodeState::kAlive, Bytes{5, 5, 5, 0, 0, 0});
  HearAlive("d", 1);
  EXPECT_THAT(Exchange({.nodes = {Entry("b", 1, NodeState::kAlive), strange}}),
              IsOk());
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("c"));
  EXPECT_EQ(counters_.refused.version, 1u);
}

// Each of these goes with ours, and not with the other.
TEST_F(RosterMergeTest, MembersMayNotGoTogetherIfEachGoesWithUs) {
  EXPECT_THAT(Exchange({.nodes = {Entry("b", 1, NodeState::kAlive,
                                        Bytes{2, 2, 2, 0, 0, 0}),
                                  Entry("c", 1, NodeState::kAlive,
                                        Bytes{1, 5, 5, 0, 0, 0})}}),
              IsOk());
  EXPECT_TRUE(Knows("b"));
  EXPECT_TRUE(Knows("c"));
}

TEST_F(RosterMergeTest, OneNameFromManyAddressesIsToldOnce) {
  HearAlive("b", 1);
  Flush();
  wire::PushPull exchange;
  for (uint16_t port = 1; port <= 1000; ++port) {
    wire::NodeDescription elsewhere = *Entry("b", 2, NodeState::kAlive).node;
    elsewhere.port = port;
    exchange.nodes.push_back({.node = wire::Share(elsewhere),
                              .incarnation = 2,
                              .state = NodeState::kAlive});
  }
  EXPECT_THAT(Exchange(exchange), IsOk());
  EXPECT_EQ(counters_.refused.conflicts, 1000u);
  EXPECT_THAT(Events(), SizeIs(1));
  now_ += options_.dissemination.interval;
  EXPECT_THAT(Exchange(exchange), IsOk());
  EXPECT_THAT(Events(), SizeIs(1));
}

TEST_F(RosterMergeTest, LeavesOutEntriesWithoutVersions) {
  const wire::PushNodeState bare =
      Entry("c", 1, NodeState::kAlive, std::nullopt);
  EXPECT_THAT(Exchange({.nodes = {bare, Entry("b", 1, NodeState::kAlive)}}),
              IsOk());
  EXPECT_TRUE(Knows("b"));
  EXPECT_FALSE(Knows("c"));
  EXPECT_EQ(counters_.refused.version, 1u);
}

TEST_F(RosterMergeTest, SnapshotHasEveryKnownNode) {
  HearAlive("b", 4);
  HearAlive("c", 5);
  HearDead("c", 5, "b");
  HearAlive("d", 6);
  HearDead("d", 6, "d");
  const wire::PushPull snapshot = roster_->Snapshot(/*join=*/true);
  EXPECT_TRUE(snapshot.join);
  EXPECT_THAT(snapshot.nodes, ElementsAre(Entry("b", 4, NodeState::kAlive),
                                          Entry("c", 5, NodeState::kDead),
                                          Entry("d", 6, NodeState::kLeft),
                                          Entry("self", 1, NodeState::kAlive)));
}

TEST_F(RosterTest, BroadcastsOverTheMaximumAreCounted) {
  GossipOptions options;
  options.dissemination.broadcasts_max = 2;
  Restart(options);
  HearAlive("b", 1);
  HearAlive("c", 1);
  EXPECT_EQ(counters_.overflow.broadcasts, 1u);
  EXPECT_EQ(roster_->broadcasts().size(), 2u);
}

}  // namespace
}  // namespace lb::gossip
