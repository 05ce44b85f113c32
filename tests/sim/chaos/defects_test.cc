// The checks check themselves: each seeded defect violates an invariant within
// 200 seeds, and the table in docs/reliability.md says which.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/sim/chaos/defect.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr uint64_t kSeeds = 200;

std::string Documentation() {
  std::stringstream text;
  text << std::ifstream("docs/reliability.md").rdbuf();
  return text.str();
}

class DefectTest : public testing::TestWithParam<int> {};

TEST_P(DefectTest, IsFound) {
  const auto defect = static_cast<Defect>(GetParam());
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Scenario scenario = DrawScenario(seed);
    scenario.defect = defect;
    const Outcome outcome = RunScenario(scenario);
    if (!outcome.violation) continue;
    const std::string row = fmt::format("| `{}` | `{}` |", ToString(defect),
                                        outcome.violation->invariant);
    fmt::print("{} {} |\n", row, seed);
    std::fflush(stdout);
    // Which seed it is changes with the product.
    EXPECT_TRUE(Documentation().find(row) != std::string::npos)
        << "docs/reliability.md has no row " << row;
    // What is found is the defect: without it the scenario holds.
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
