#include "daemon/agent/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kSettle = absl::Seconds(5);
constexpr absl::Duration kHoldDown = absl::Seconds(60);

struct FakeSight : ClusterSight {
  bool HearsOthers() const override { return hears_others; }
  bool KnowsOthers() const override { return knows_others; }
  bool AllAnswered() const override { return all_answered; }
  std::optional<bool> HasCarrier() const override { return carrier; }

  bool hears_others = false;
  bool knows_others = false;
  bool all_answered = true;
  std::optional<bool> carrier = true;
};

std::string ToText(const LifeAction& action) {
  switch (action.kind) {
    case LifeAction::Kind::kRecord:
      return fmt::format("{}: {}", action.reason, action.message);
    case LifeAction::Kind::kJoin:
      return "join";
    case LifeAction::Kind::kForget:
      return "forget";
    case LifeAction::Kind::kBeginAlone:
      return "begin alone";
    case LifeAction::Kind::kReconcile:
      return "reconcile";
    case LifeAction::Kind::kSayGoodbye:
      return "say goodbye";
    case LifeAction::Kind::kFinish:
      return "finish";
  }
  return "";
}

class NodeLifecycleTest : public testing::Test {
 protected:
  void Use(NodeLifecycle::Options options) {
    lifecycle_.emplace(options, &sight_);
  }
  NodeLifecycle& life() { return *lifecycle_; }
  std::vector<std::string> Actions() {
    std::vector<std::string> texts;
    for (const auto& action : life().TakeActions()) {
      texts.push_back(ToText(action));
    }
    return texts;
  }
  // Lets time pass, with each timer at its moment.
  void RunFor(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    while (life().next_timer() <= end) {
      now_ = std::max(now_, life().next_timer());
      life().OnTimer(now_);
    }
    now_ = end;
  }
  void StartJoining() {
    Use({.joins = true, .settle_time = kSettle, .hold_down = kHoldDown});
    life().Start(now_);
  }
  // A node with others, which are heard; no action is left.
  void StartAmongOthers() {
    StartJoining();
    sight_.hears_others = sight_.knows_others = true;
    life().OnExchange(now_);
    RunFor(kHoldDown);
    Actions();
  }

  FakeSight sight_;
  absl::Time now_ = absl::UnixEpoch();
  std::optional<NodeLifecycle> lifecycle_;
};

TEST_F(NodeLifecycleTest, ActsAtOnceWithNobodyToJoin) {
  Use({.joins = false, .settle_time = kSettle, .hold_down = kHoldDown});
  life().Start(now_);
  EXPECT_THAT(Actions(),
              ElementsAre("Ready: there is no node to join", "reconcile"));
  EXPECT_TRUE(life().acts());
  EXPECT_FALSE(life().holding_down());
  EXPECT_FALSE(life().settling(now_));
  EXPECT_EQ(life().next_timer(), absl::InfiniteFuture());
}

TEST_F(NodeLifecycleTest, WaitsForTheClusterThenActs) {
  StartJoining();
  EXPECT_THAT(Actions(), ElementsAre("join"));
  RunFor(absl::Seconds(2));
  EXPECT_FALSE(life().acts());
  sight_.hears_others = true;
  life().OnExchange(now_);
  EXPECT_THAT(Actions(),
              ElementsAre("Ready: heard from the cluster", "reconcile"));
  EXPECT_TRUE(life().acts());
  EXPECT_TRUE(life().holding_down());
  EXPECT_TRUE(life().settling(now_));
  RunFor(absl::Seconds(3));  // The settle time ends.
  EXPECT_THAT(Actions(), ElementsAre("reconcile"));
  EXPECT_FALSE(life().settling(now_));
}

TEST_F(NodeLifecycleTest, WaitsASecondForMembersThatHaveNotAnswered) {
  StartJoining();
  sight_.all_answered = false;
  life().OnExchange(now_);
  life().OnMember(now_);
  RunFor(NodeLifecycle::kAnswerWait - absl::Nanoseconds(1));
  EXPECT_FALSE(life().acts());
  EXPECT_THAT(Actions(), ElementsAre("join"));
  RunFor(absl::Nanoseconds(1));
  EXPECT_THAT(
      Actions(),
      ElementsAre("Ready: heard from the cluster, but not from all members",
                  "reconcile"));
}

TEST_F(NodeLifecycleTest, ActsWhenTheLastMemberAnswers) {
  StartJoining();
  sight_.all_answered = false;
  life().OnExchange(now_);
  RunFor(absl::Milliseconds(300));
  sight_.all_answered = true;
  life().OnMember(now_);
  EXPECT_THAT(Actions(), ElementsAre("join", "Ready: heard from the cluster",
                                     "reconcile"));
}

TEST_F(NodeLifecycleTest, MembersAloneAreNoExchange) {
  StartJoining();
  life().OnMember(now_);
  EXPECT_FALSE(life().acts());
}

TEST_F(NodeLifecycleTest, AnExchangeLateInTheSettleTimeProlongsNothing) {
  StartJoining();
  RunFor(kSettle - absl::Milliseconds(100));
  sight_.all_answered = false;
  life().OnExchange(now_);
  RunFor(absl::Milliseconds(100));
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, BeginsAloneWhenNobodyAnswers) {
  StartJoining();
  RunFor(kSettle);
  EXPECT_THAT(
      Actions(),
      ElementsAre("join", "begin alone",
                  "Ready: no node answered within settle_time", "reconcile"));
  EXPECT_FALSE(life().holding_down());
}

TEST_F(NodeLifecycleTest, DoesNotBeginAloneWithoutACarrier) {
  StartJoining();
  sight_.carrier = false;
  life().OnLinks(now_);
  RunFor(10 * kSettle);
  EXPECT_FALSE(life().acts());
  EXPECT_THAT(Actions(), ElementsAre("join"));
  sight_.carrier = true;
  life().OnLinks(now_);  // The settle time begins again.
  EXPECT_THAT(Actions(), ElementsAre("join"));
  RunFor(kSettle - absl::Nanoseconds(1));
  EXPECT_FALSE(life().acts());
  RunFor(absl::Nanoseconds(1));
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, AnUnknownCarrierHoldsNothingUp) {
  sight_.carrier = std::nullopt;
  StartJoining();
  RunFor(kSettle);
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, LinksOfANodeThatActsChangeNothing) {
  StartAmongOthers();
  for (const bool carrier : {false, true, false, true}) {
    sight_.carrier = carrier;
    life().OnLinks(now_);
  }
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, HoldsDownForAWhileThenReconciles) {
  StartJoining();
  sight_.hears_others = true;
  life().OnExchange(now_);
  RunFor(kHoldDown - absl::Nanoseconds(1));
  Actions();
  EXPECT_TRUE(life().holding_down());
  RunFor(absl::Nanoseconds(1));
  EXPECT_FALSE(life().holding_down());
  EXPECT_THAT(Actions(), ElementsAre("reconcile"));
}

TEST_F(NodeLifecycleTest, IsSilentAfterAStallUntilTheClusterIsHeard) {
  StartAmongOthers();
  life().OnStall(now_, absl::Seconds(3));
  EXPECT_THAT(Actions(),
              ElementsAre("Stalled: was not run for 3s: silent until the "
                          "cluster is heard",
                          "forget", "join", "reconcile"));
  EXPECT_FALSE(life().acts());
  EXPECT_TRUE(life().silent());
  life().OnExchange(now_);
  EXPECT_TRUE(life().acts());
  EXPECT_FALSE(life().silent());
  EXPECT_TRUE(life().holding_down());
}

TEST_F(NodeLifecycleTest, GoesOnAfterAStallWithNobodyToTakeOver) {
  Use({.joins = false, .settle_time = kSettle});
  life().Start(now_);
  Actions();
  life().OnStall(now_, absl::Seconds(3));
  EXPECT_THAT(Actions(),
              ElementsAre("Stalled: was not run for 3s: goes on, since it "
                          "knows no other member",
                          "reconcile"));
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, AsksItsJoinListAfterAStallAlone) {
  StartJoining();
  RunFor(kSettle);
  Actions();
  life().OnStall(now_, absl::Seconds(3));
  EXPECT_FALSE(life().acts());
  EXPECT_FALSE(life().silent());
  RunFor(NodeLifecycle::kSeedWait);
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, AStalledNodeThatDidNotActWaitsAsBefore) {
  StartJoining();
  RunFor(absl::Seconds(4));
  life().OnStall(now_, absl::Seconds(3));
  RunFor(kSettle - absl::Nanoseconds(1));
  EXPECT_FALSE(life().acts());
  RunFor(absl::Nanoseconds(1));
  EXPECT_TRUE(life().acts());
}

TEST_F(NodeLifecycleTest, CutOffOnlyWithoutCarrierAndWithMembersLost) {
  const struct {
    std::optional<bool> carrier;
    bool went, hears, knows, joins;
    bool falls_silent;
  } kRows[] = {
      {true, true, false, true, true, false},
      {std::nullopt, true, false, true, true, false},
      {false, false, true, true, true, false},   // It hears the others.
      {false, true, true, true, true, true},     // It just lost one.
      {false, false, false, true, true, true},   // It lost all before.
      {false, false, false, false, true, true},  // Others may have come.
      {false, false, false, true, false, true},
      {false, false, false, false, false, false},  // It never had any.
  };
  for (const auto& row : kRows) {
    Use({.joins = row.joins, .settle_time = kSettle});
    sight_ = FakeSight();
    life().Start(now_);
    life().OnExchange(now_);
    ASSERT_TRUE(life().acts());
    sight_.carrier = row.carrier;
    sight_.hears_others = row.hears;
    sight_.knows_others = row.knows;
    if (row.went) life().OnMemberWent();
    life().CheckCutOff(now_);
    EXPECT_EQ(life().silent(), row.falls_silent) << "row " << &row - kRows;
    EXPECT_EQ(life().acts(), !row.falls_silent) << "row " << &row - kRows;
  }
}

TEST_F(NodeLifecycleTest, MembersCameOnceTheReunionIsOver) {
  StartAmongOthers();
  life().OnMemberCame(now_);
  EXPECT_TRUE(life().reuniting());
  EXPECT_FALSE(life().TakeMembersCame());
  RunFor(absl::Milliseconds(300));
  life().OnReunion(now_);  // Another of their half.
  RunFor(NodeLifecycle::kReunion - absl::Nanoseconds(1));
  EXPECT_FALSE(life().TakeMembersCame());
  EXPECT_THAT(Actions(), IsEmpty());
  RunFor(absl::Nanoseconds(1));
  EXPECT_THAT(Actions(), ElementsAre("reconcile"));
  EXPECT_TRUE(life().TakeMembersCame());
  EXPECT_FALSE(life().TakeMembersCame());
}

TEST_F(NodeLifecycleTest, MembersWentOnce) {
  StartAmongOthers();
  EXPECT_FALSE(life().TakeMembersWent());
  life().OnMemberWent();
  EXPECT_TRUE(life().TakeMembersWent());
  EXPECT_FALSE(life().TakeMembersWent());
}

TEST_F(NodeLifecycleTest, DrainsAndUndrainsOnce) {
  StartAmongOthers();
  EXPECT_TRUE(life().Drain().ok());
  EXPECT_TRUE(life().Drain().ok());
  EXPECT_THAT(Actions(),
              ElementsAre("Draining: hands its addresses over until it is "
                          "undrained or restarted",
                          "reconcile"));
  EXPECT_TRUE(life().draining());
  EXPECT_TRUE(life().Undrain().ok());
  EXPECT_TRUE(life().Undrain().ok());
  EXPECT_THAT(Actions(),
              ElementsAre("Undrained: takes addresses again", "reconcile"));
  EXPECT_FALSE(life().draining());
}

TEST_F(NodeLifecycleTest, DrainsAsLongAsItsNodeObjectHasTheMark) {
  StartAmongOthers();
  life().SetDrainMark("");
  EXPECT_THAT(Actions(), IsEmpty());
  life().SetDrainMark("cordon");
  life().SetDrainMark("cordon");
  EXPECT_THAT(Actions(), ElementsAre("Draining: hands its addresses over while "
                                     "the Node object has cordon",
                                     "reconcile"));
  EXPECT_TRUE(life().draining());
  EXPECT_EQ(life().Undrain().message(),
            "undrain: the Node object has cordon, which drain-on names; want "
            "it without");
  EXPECT_TRUE(life().draining());
  EXPECT_THAT(Actions(), IsEmpty());
  life().SetDrainMark("");
  EXPECT_FALSE(life().draining());
  EXPECT_THAT(Actions(),
              ElementsAre("Undrained: takes addresses again", "reconcile"));
}

TEST_F(NodeLifecycleTest, AMarkThatGoesLeavesADrainThatWasAskedFor) {
  StartAmongOthers();
  EXPECT_TRUE(life().Drain().ok());
  life().SetDrainMark("cordon");
  life().SetDrainMark("");
  Actions();
  EXPECT_TRUE(life().draining());
  EXPECT_TRUE(life().Undrain().ok());
  EXPECT_FALSE(life().draining());
  EXPECT_THAT(Actions(),
              ElementsAre("Undrained: takes addresses again", "reconcile"));
}

// What was asked for is taken back, too.
TEST_F(NodeLifecycleTest, AnUndrainOfAMarkedNodeCountsOnceTheMarkGoes) {
  StartAmongOthers();
  EXPECT_TRUE(life().Drain().ok());
  life().SetDrainMark("cordon");
  EXPECT_FALSE(life().Undrain().ok());
  life().SetDrainMark("");
  EXPECT_FALSE(life().draining());
}

TEST_F(NodeLifecycleTest, LeavesStepByStep) {
  StartAmongOthers();
  life().Leave(now_);
  EXPECT_THAT(Actions(), IsEmpty());  // Others are to take its addresses first.
  EXPECT_TRUE(life().acts());
  EXPECT_EQ(life().Drain().message(), "drain: is leaving");
  EXPECT_EQ(life().Undrain().message(), "undrain: is leaving");
  life().OnHandedOver();
  EXPECT_THAT(Actions(), ElementsAre("say goodbye"));
  life().OnDelivered();  // Before its goodbye is out this says nothing.
  EXPECT_THAT(Actions(), IsEmpty());
  life().OnGoodbyeSaid();
  EXPECT_TRUE(life().acts());
  life().OnDelivered();
  EXPECT_THAT(Actions(), ElementsAre("finish"));
  EXPECT_FALSE(life().acts());
  EXPECT_EQ(life().next_timer(), absl::InfiniteFuture());
}

TEST_F(NodeLifecycleTest, WaitsForOthersToTakeOverForAWhileOnly) {
  StartAmongOthers();
  life().Leave(now_);
  RunFor(NodeLifecycle::kHandoverWait - absl::Nanoseconds(1));
  EXPECT_THAT(Actions(), IsEmpty());
  RunFor(absl::Nanoseconds(1));
  EXPECT_THAT(Actions(), ElementsAre("say goodbye"));
}

TEST_F(NodeLifecycleTest, ANodeThatDoesNotActOnlySaysGoodbye) {
  StartJoining();
  Actions();
  life().Leave(now_);
  EXPECT_THAT(Actions(), ElementsAre("say goodbye"));
  RunFor(10 * kSettle);
  life().OnExchange(now_);
  EXPECT_FALSE(life().acts());
  life().OnGoodbyeSaid();
  EXPECT_THAT(Actions(), ElementsAre("finish"));
}

TEST_F(NodeLifecycleTest, AStallWhileItLeavesEndsWhatItAnnounces) {
  const struct {
    int steps;  // Of LeavesStepByStep.
    std::vector<std::string> actions;
  } kRows[] = {
      {0, {"say goodbye"}},
      {1, {}},
      {2, {"finish"}},
  };
  for (const auto& row : kRows) {
    StartAmongOthers();
    life().Leave(now_);
    if (row.steps > 0) life().OnHandedOver();
    if (row.steps > 1) life().OnGoodbyeSaid();
    Actions();
    life().OnStall(now_, absl::Seconds(3));
    std::vector<std::string> want = {
        "Stalled: was not run for 3s: silent until the cluster is heard",
        "forget", "reconcile"};
    want.insert(want.end(), row.actions.begin(), row.actions.end());
    EXPECT_THAT(Actions(), testing::UnorderedElementsAreArray(want));
    EXPECT_FALSE(life().acts());
    EXPECT_TRUE(life().leaves());
  }
}

}  // namespace
}  // namespace lb
