// The checks check themselves: each seeded defect violates an invariant within
// 200 seeds. The output has the table of docs/reliability.md.
#include <fmt/format.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/sim/chaos/defect.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr uint64_t kSeeds = 200;

class DefectTest : public testing::TestWithParam<int> {};

TEST_P(DefectTest, IsFound) {
  const auto defect = static_cast<Defect>(GetParam());
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Scenario scenario = DrawScenario(seed);
    scenario.defect = defect;
    const Outcome outcome = RunScenario(scenario);
    if (!outcome.violation) continue;
    // What is found is the defect: without it the scenario holds.
    scenario.defect = Defect::kNone;
    EXPECT_FALSE(RunScenario(scenario).violation);
    fmt::print("| {} | {} | {} |\n", ToString(defect),
               outcome.violation->invariant, seed);
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
