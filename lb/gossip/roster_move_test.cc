// A node that changes its address: ourselves, and others.
//
// A lease is renewed with another address while a node runs: without a word of
// the node itself the others refuse the new address for as long as they believe
// in the old one, and the member flaps between the two.
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/relocation.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/testing/roster_fixture.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::NodeState;

class RosterMoveTest : public RosterTest {
 protected:
  // What b, which has moved from .2 to `number`, says.
  wire::Alive AliveAt(uint8_t number, uint32_t incarnation) {
    wire::Alive alive = Alive("b", incarnation);
    alive.address = Host(number).address.ToBytes();
    return alive;
  }
  void KnowB() {
    HearAlive("b", 1);
    Answered("b");
    Flush();
  }
  wire::Dead Goodbye() {
    return std::get<wire::Dead>(roster_->Introduction().at(0));
  }
};

TEST_F(RosterMoveTest, AGoodbyeAndAReturnAtOnceAreAMove) {
  KnowB();
  HearDead("b", 2, "b");
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_THAT(Events(), ElementsAre("moved b"));
  EXPECT_EQ(Record("b").endpoint(), Host(7));
  EXPECT_TRUE(Record("b").verified);
  EXPECT_EQ(StateOf("b"), NodeState::kAlive);
}

TEST_F(RosterMoveTest, AMoveSaysWhence) {
  KnowB();
  HearDead("b", 2, "b");
  roster_->OnAlive(now_, AliveAt(7, 3));
  const auto events = roster_->TakeEvents();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<MemberEvent>(events[0]).moved_from, Host(2));
}

// Two nodes that move at one moment do not reach each other: a third tells.
TEST_F(RosterMoveTest, AMoveIsPassedOnInExchanges) {
  KnowB();
  HearDead("b", 2, "b");
  roster_->OnAlive(now_, AliveAt(7, 3));
  const wire::PushPull snapshot = roster_->Snapshot(/*join=*/false);
  GossipCounters counters;
  Roster other(options_, {.name = "other", .endpoint = Host(5)}, Prng(1),
               kStart, &counters);
  other.OnAlive(now_, Alive("b", 1));
  other.Merge(now_, snapshot.nodes);
  EXPECT_EQ(other.table().Find("b")->endpoint(), Host(7));
  other.Merge(now_, snapshot.nodes);  // Known already.
  EXPECT_EQ(other.table().Find("b")->state, NodeState::kAlive);
  EXPECT_EQ(counters.refused.conflicts, 0u);
}

TEST_F(RosterMoveTest, WhatCameOfAGoodbyeStands) {
  KnowB();
  HearDead("b", 2, "b");
  EXPECT_THAT(Events(), ElementsAre("left b"));
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_FALSE(Record("b").verified);
}

TEST_F(RosterMoveTest, ANodeThatStaysMayTakeItsGoodbyeBack) {
  KnowB();
  HearDead("b", 2, "b");
  HearAlive("b", 3);
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_TRUE(Record("b").verified);
}

TEST_F(RosterMoveTest, WithoutAGoodbyeNobodyMoves) {
  KnowB();
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_THAT(Events(), ElementsAre("conflict b"));
  HearSuspect("b", 1, "c");
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_EQ(Record("b").endpoint(), Host(2));
}

// It had no address for a while: the others gave it up.
TEST_F(RosterMoveTest, OneThatFailedMayMoveToo) {
  KnowB();
  HearDead("b", 1, "c");
  EXPECT_THAT(Events(), ElementsAre("failed b"));
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_EQ(Record("b").endpoint(), Host(2));
  Flush();
  HearDead("b", 2, "b");
  roster_->OnAlive(now_, AliveAt(7, 3));
  EXPECT_THAT(Events(), ElementsAre("joined b"));
  EXPECT_EQ(Record("b").endpoint(), Host(7));
}

TEST_F(RosterMoveTest, WeTakeLeaveAndReturnUnderTheNextIncarnation) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  EXPECT_EQ(roster_->self().endpoint, Host(9));
  EXPECT_EQ(Goodbye(), (wire::Dead{2, "self", "self"}));
  EXPECT_EQ(roster_->OwnAlive().incarnation, 3u);
  EXPECT_EQ(roster_->OwnAlive().address, Host(9).address.ToBytes());
  EXPECT_TRUE(Gossips("self"));
  EXPECT_THAT(roster_->TakeIntroductions(), ElementsAre(Host(2)));
  const wire::PushPull snapshot = roster_->Snapshot(/*join=*/false);
  std::vector<std::pair<NodeState, uint32_t>> own;
  for (const auto& entry : snapshot.nodes) {
    if (entry.node->name == "self") {
      own.emplace_back(entry.state, entry.incarnation);
    }
  }
  EXPECT_THAT(own, ElementsAre(std::pair(NodeState::kLeft, 2u),
                               std::pair(NodeState::kAlive, 3u)));
}

TEST_F(RosterMoveTest, AllAreToldSeveralTimes) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  int told = 0;
  while (roster_->NextDeadline() < absl::InfiniteFuture()) {
    told += static_cast<int>(roster_->TakeIntroductions().size());
    now_ = roster_->NextDeadline();
    roster_->OnTimer(now_);
  }
  told += static_cast<int>(roster_->TakeIntroductions().size());
  EXPECT_EQ(told, Relocation::kTellings);
  EXPECT_EQ(now_ - kStart,
            (Relocation::kTellings - 1) * options_.dissemination.interval);
}

// The goodbye stays the same, so that it says nothing to those who know better.
TEST_F(RosterMoveTest, AnAccuserHearsOfTheMove) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  roster_->TakeIntroductions();
  HearSuspect("self", 1, "b");  // Of the old address.
  EXPECT_EQ(IncarnationOf("self"), 3u);
  EXPECT_THAT(roster_->TakeIntroductions(), ElementsAre(Host(2)));
  now_ += absl::Seconds(5);
  HearSuspect("self", 3, "b");  // Of the new one.
  EXPECT_EQ(IncarnationOf("self"), 4u);
  EXPECT_EQ(Goodbye().incarnation, 2u);
}

TEST_F(RosterMoveTest, OurFormerAddressIsNoConflict) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  Flush();
  HearAlive("self", 1);
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_EQ(roster_->OwnAlive().incarnation, 3u);
  EXPECT_EQ(counters_.refused.conflicts, 0u);
}

// A machine that got another address while it was off, and is back before the
// others gave it up: it knows its last one from its state.
TEST_F(RosterMoveTest, WhatWeWereBeforeAStartIsTakenLeaveOf) {
  for (const char* heard_as : {"alive", "suspect", "dead"}) {
    SCOPED_TRACE(heard_as);
    roster_ = std::make_unique<Roster>(
        options_,
        NodeIdentity{.name = "self", .endpoint = Host(9), .former = {Host(1)}},
        Prng(1), kStart, &counters_);
    KnowB();
    EXPECT_THAT(roster_->Introduction(), SizeIs(1));
    if (heard_as == std::string("alive")) HearAlive("self", 57);
    if (heard_as == std::string("suspect")) HearSuspect("self", 57);
    if (heard_as == std::string("dead")) HearDead("self", 57);
    EXPECT_THAT(Events(), IsEmpty());
    EXPECT_EQ(Goodbye(), (wire::Dead{58, "self", "self"}));
    EXPECT_EQ(roster_->OwnAlive().incarnation, 59u);
    EXPECT_THAT(roster_->TakeIntroductions(), testing::Contains(Host(2)));
  }
}

TEST_F(RosterMoveTest, WhoLeavesTellsNoMoreOfItsMove) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  roster_->TakeIntroductions();
  roster_->Leave(now_);
  while (roster_->NextDeadline() < absl::InfiniteFuture()) {
    now_ = roster_->NextDeadline();
    roster_->OnTimer(now_);
    ASSERT_LT(now_ - kStart, absl::Seconds(10));
  }
  EXPECT_THAT(roster_->TakeIntroductions(), IsEmpty());
  roster_->MoveTo(now_, Host(10));
  EXPECT_EQ(roster_->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(RosterMoveTest, AForgedClaimUsesUpNoIncarnations) {
  KnowB();
  roster_->MoveTo(now_, Host(9));
  HearAlive("self", UINT32_MAX);
  EXPECT_EQ(roster_->OwnAlive().incarnation, 3u);
}

TEST(RelocationTest, RemembersAFewAddresses) {
  Relocation relocation({});
  for (uint8_t number = 1; number <= 20; ++number) {
    relocation.OnMoved(Host(number), Host(number + 1));
  }
  EXPECT_FALSE(relocation.IsFormer(Host(12)));
  EXPECT_TRUE(relocation.IsFormer(Host(13)));
  EXPECT_TRUE(relocation.IsFormer(Host(20)));
  relocation.OnMoved(Host(21), Host(20));  // Back again.
  EXPECT_FALSE(relocation.IsFormer(Host(20)));
}

}  // namespace
}  // namespace lb::gossip
