// The checks check themselves: each seeded defect violates an invariant within
// 200 seeds, or under a script that is made for it, and the table in
// docs/reliability.md says which.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/sim/chaos/defect.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr uint64_t kSeeds = 200;

// Returns a script that shows the defect if drawn faults show it too seldom;
// else "".
std::string_view ScriptFor(Defect defect) {
  switch (defect) {
    case Defect::kLyingDisk:  // All forget that a service is gone.
      return "30000:remove-service:1:0:90000:0,50000:add-service:1:0:1000:0,"
             "75000:power-cut:1:0:2000:0";
    case Defect::kStoppedClock:
      return "30000:pause:1:0:9000:0";
    case Defect::kLaterStamp:  // A node forgets all while it is cut off.
      return "30000:remove-service:1:0:120000:0,38000:add-service:1:0:1000:0,"
             "90000:cut-both:1:0:20000:1,92000:wipe:1:0:1000:0";
    case Defect::kForgottenGroups:  // A segment that looks for listeners.
      return "33328:pause:1:3:361:0,36506:cut-segment:1:3:4914:10";
    case Defect::kBlindToOwn:
      return "40000:host-address:1:0:60000:0";
    case Defect::kLostWithdrawals:  // A node withdraws at 36 s.
      return "30000:router-slow:1:1:9000:500,31000:drain:1:0:60000:0";
    case Defect::kUntoldLoss:  // The first of three nodes drains alone.
      return "30000:router-cut:2:1:60000:0,30000:router-cut:2:2:60000:0,"
             "30000:router-cut:3:1:60000:0,30000:router-cut:3:2:60000:0,"
             "60000:drain:1:0:30000:0";
    case Defect::kNoLimit:  // Two nodes die at once.
      return "40000:crash:1:0:9000:0,40000:crash:2:0:9000:0";
    case Defect::kUnheldMarks:
      return "40000:crash:2:0:9000:0";
    case Defect::kDeafProbes:  // A speaker dies, and its machine has power.
      return "40000:kill:2:0:9000:0";
    default:
      return "";
  }
}

std::string Documentation() {
  std::stringstream text;
  text << std::ifstream("docs/reliability.md").rdbuf();
  return text.str();
}

class DefectTest : public testing::TestWithParam<int> {};

TEST_P(DefectTest, IsFound) {
  const auto defect = static_cast<Defect>(GetParam());
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Scenario scenario = IsOfKubernetes(defect) ? DrawKubernetesScenario(seed)
                        : IsOfBgp(defect)      ? DrawBgpScenario(seed)
                                               : DrawScenario(seed);
    scenario.defect = defect;
    if (const auto script = ScriptFor(defect); !script.empty()) {
      scenario.script = *ParseScript(script);
    }
    if (defect == Defect::kUntoldLoss) scenario.nodes = 3;
    const Outcome outcome = RunScenario(scenario);
    if (!outcome.violation) continue;
    const std::string row = fmt::format("| `{}` | `{}` |", ToString(defect),
                                        outcome.violation->invariant);
    fmt::print("{} {} |\n", row, seed);
    std::fflush(stdout);
    // The seed that finds it changes with the product.
    EXPECT_TRUE(Documentation().find(row) != std::string::npos)
        << "docs/reliability.md has no row " << row;
    // The violation is due to the defect: without it the scenario holds.
    scenario.defect = Defect::kNone;
    EXPECT_FALSE(RunScenario(scenario).violation);
    return;
  }
  FAIL() << ToString(defect) << " was not found in " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, DefectTest, testing::Range(1, kDefects),
                         [](const auto& info) {
                           std::string name(
                               ToString(static_cast<Defect>(info.param)));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace lb::chaos
