// Scripts as text and back, and what is drawn from a seed.
#include "tests/sim/chaos/scenario.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "tests/sim/chaos/fault.h"

namespace lb::chaos {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ScriptTest, ParsesWhatItPrints) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    for (const auto& draw :
         {DrawScenario, DrawKubernetesScenario, DrawBgpScenario}) {
      const Script script = draw(seed).script;
      const auto parsed = ParseScript(ToString(script));
      ASSERT_THAT(parsed, IsOk());
      EXPECT_EQ(*parsed, script);
    }
  }
  EXPECT_THAT(*ParseScript(""), IsEmpty());
}

TEST(ScriptTest, RefusesWhatIsNoFault) {
  for (const char* text :
       {"x", "1:crash:1:0:5", "1:crash:1:0:5:0:0", "1:smash:1:0:5:0",
        "-1:crash:1:0:5:0", "1:crash:-1:0:5:0", "1:crash:1:0:-5:0",
        "1:crash:one:0:5:0", "1:crash:1:0:5:0,2:crash"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseScript(text), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("want")));
  }
}

TEST(DrawScenarioTest, DrawsEveryKindOfFault) {
  std::set<FaultKind> drawn;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    for (const auto& draw :
         {DrawScenario, DrawKubernetesScenario, DrawBgpScenario}) {
      for (const Fault& fault : draw(seed).script) drawn.insert(fault.kind);
    }
  }
  EXPECT_EQ(drawn.size(), static_cast<size_t>(kFaultKinds));
}

TEST(ReplayCommandTest, HasAllThatDecides) {
  Scenario scenario = {.seed = 7, .nodes = 3, .services = 2};
  scenario.script = *ParseScript("1500:crash:2:0:3000:0");
  EXPECT_EQ(ReplayCommand(scenario),
            "bazel run //tests/sim/chaos -- --seed=7 --nodes=3 --services=2 "
            "--policy=compat --defect=none --script=1500:crash:2:0:3000:0");
  scenario.source = Source::kKubernetes;
  scenario.controllers = 2;
  EXPECT_EQ(ReplayCommand(scenario),
            "bazel run //tests/sim/chaos -- --kubernetes --controllers=2 "
            "--seed=7 --nodes=3 --services=2 --policy=compat --defect=none "
            "--script=1500:crash:2:0:3000:0");
}

}  // namespace
}  // namespace lb::chaos
