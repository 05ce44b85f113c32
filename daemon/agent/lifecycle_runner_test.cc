#include "daemon/agent/lifecycle_runner.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// No other member is up.
struct LonelySight : ClusterSight {
  bool HearsOthers() const override { return false; }
  bool KnowsOthers() const override { return knows_others; }
  bool AllAnswered() const override { return true; }
  std::optional<bool> HasCarrier() const override { return true; }

  bool knows_others = false;
};

void Start(NodeLifecycle& life, absl::Time now) { life.Start(now); }

// A node that joins others and finds none; each step is a line.
class LifecycleRunnerTest : public testing::Test {
 protected:
  std::function<void()> Step(const std::string& step) {
    return [this, step] { steps_.push_back(step); };
  }
  LifecycleRunner::Ports Ports() {
    return {.record = [this](EventType, const std::string& reason,
                             const std::string&) { steps_.push_back(reason); },
            .join =
                [this] {
                  steps_.emplace_back("join");
                  return join_status_;
                },
            .forget = Step("forget"),
            .begin_alone = Step("begin alone"),
            .look_soon = Step("look soon"),
            .look_now = Step("look now"),
            .say_goodbye =
                [this](absl::AnyInvocable<void()> said) {
                  steps_.emplace_back("say goodbye");
                  said_ = std::move(said);
                },
            .save = Step("save"),
            .is_handing_over = [this] { return is_handing_over_; },
            .is_delivering = [this] { return is_delivering_; },
            .on_stage = [this](LifeStage stage) { stage_ = stage; }};
  }
  std::vector<std::string> TakeSteps() { return std::exchange(steps_, {}); }
  // It is ready after settle_time.
  void BeReady() {
    runner_.Tell(Start);
    loop_.RunFor(absl::Seconds(6));
    ASSERT_TRUE(runner_.life().acts());
    TakeSteps();
  }

  io::SimLoop loop_;
  LonelySight sight_;
  std::vector<std::string> steps_;
  absl::Status join_status_;
  bool is_handing_over_ = false;
  bool is_delivering_ = false;
  absl::AnyInvocable<void()> said_;
  LifeStage stage_ = LifeStage::kAwaiting;
  LifecycleRunner runner_{{.joins = true, .settle_time = absl::Seconds(5)},
                          &sight_,
                          &loop_,
                          Ports()};
};

TEST_F(LifecycleRunnerTest, CarriesActionsOutInTheirOrder) {
  runner_.Tell(Start);
  EXPECT_THAT(TakeSteps(), ElementsAre("join"));
  loop_.RunFor(absl::Seconds(5));
  EXPECT_THAT(TakeSteps(), ElementsAre("begin alone", "Ready", "look soon"));
  EXPECT_EQ(stage_, LifeStage::kReady);
}

TEST_F(LifecycleRunnerTest, WakesTheLifecycleWhenItsTimeHasCome) {
  runner_.Tell(Start);
  loop_.RunFor(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_EQ(stage_, LifeStage::kAwaiting);
  loop_.RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(stage_, LifeStage::kReady);
}

TEST_F(LifecycleRunnerTest, SleepsWhileNothingIsDue) {
  BeReady();
  loop_.RunFor(absl::Hours(1));
  EXPECT_THAT(TakeSteps(), IsEmpty());
}

TEST_F(LifecycleRunnerTest, RecordsThatAJoinFailed) {
  join_status_ = absl::UnavailableError("no route");
  runner_.Tell(Start);
  EXPECT_THAT(TakeSteps(), ElementsAre("join", "JoinFailed"));
}

TEST_F(LifecycleRunnerTest, AStalledNodeForgetsAndJoinsAgain) {
  BeReady();
  sight_.knows_others = true;
  runner_.Tell([](NodeLifecycle& life, absl::Time now) {
    life.OnStall(now, absl::Seconds(3));
  });
  EXPECT_THAT(TakeSteps(),
              ElementsAre("Stalled", "forget", "join", "look soon"));
  EXPECT_EQ(stage_, LifeStage::kAwaiting);
}

TEST_F(LifecycleRunnerTest, DrainsAndUndrains) {
  BeReady();
  EXPECT_TRUE(runner_.Drain().ok());
  EXPECT_TRUE(runner_.life().draining());
  EXPECT_THAT(TakeSteps(), ElementsAre("Draining", "look soon"));
  EXPECT_TRUE(runner_.Undrain().ok());
  EXPECT_THAT(TakeSteps(), ElementsAre("Undrained", "look soon"));
  runner_.Leave([] {});
  EXPECT_EQ(runner_.Drain().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LifecycleRunnerTest, ANodeThatLeavesHandsOverSaysGoodbyeAndDelivers) {
  BeReady();
  is_handing_over_ = true;
  is_delivering_ = true;
  runner_.Leave(Step("done"));
  EXPECT_THAT(TakeSteps(), ElementsAre("look now"));
  is_handing_over_ = false;
  runner_.OnHandover();
  EXPECT_THAT(TakeSteps(), ElementsAre("say goodbye"));
  said_();
  EXPECT_THAT(TakeSteps(), ElementsAre("look now"));
  is_delivering_ = false;
  runner_.OnHandover();
  EXPECT_THAT(TakeSteps(), ElementsAre("look now", "save"));
  EXPECT_EQ(stage_, LifeStage::kGone);
  loop_.RunFor(absl::ZeroDuration());
  EXPECT_THAT(TakeSteps(), ElementsAre("done"));
}

TEST_F(LifecycleRunnerTest, AHandoverThatTakesTooLongEndsAllTheSame) {
  BeReady();
  is_handing_over_ = true;
  runner_.Leave(Step("done"));
  TakeSteps();
  loop_.RunFor(NodeLifecycle::kHandoverWait);
  EXPECT_THAT(TakeSteps(), ElementsAre("say goodbye"));
}

// It announces nothing, so there is nothing to hand over.
TEST_F(LifecycleRunnerTest, ANodeThatIsNotReadyOnlySaysGoodbye) {
  runner_.Tell(Start);
  TakeSteps();
  runner_.Leave(Step("done"));
  EXPECT_THAT(TakeSteps(), ElementsAre("say goodbye", "look now"));
  said_();
  EXPECT_THAT(TakeSteps(), ElementsAre("look now", "save"));
  loop_.RunFor(absl::ZeroDuration());
  EXPECT_THAT(TakeSteps(), ElementsAre("done"));
}

}  // namespace
}  // namespace lb
