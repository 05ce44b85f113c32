// Clusters drawn from seeds 1, 2, ..., with manifests, with Kubernetes and with
// BGP, under drawn faults; CHAOS_SEEDS (200) says how many of each: bazel test
// --test_env=CHAOS_SEEDS=10000 --test_timeout=3600 ...
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr uint64_t kParts = 4;

uint64_t Seeds() {
  const char* text = std::getenv("CHAOS_SEEDS");
  uint64_t seeds = 200;
  const bool is_number = text == nullptr || absl::SimpleAtoi(text, &seeds);
  EXPECT_TRUE(is_number) << text;
  return seeds;
}

// Every fourth seed of one kind, so that the parts run side by side.
struct Part {
  Scenario (*draw)(uint64_t seed);
  uint64_t number;
};

class ChaosTest : public testing::TestWithParam<Part> {};

TEST_P(ChaosTest, InvariantsHold) {
  for (uint64_t seed = 1 + GetParam().number; seed <= Seeds(); seed += kParts) {
    const Scenario scenario = GetParam().draw(seed);
    const Outcome outcome = RunScenario(scenario);
    ASSERT_FALSE(outcome.violation) << Report(scenario, *outcome.violation);
  }
}

std::vector<Part> PartsOf(Scenario (*draw)(uint64_t seed)) {
  std::vector<Part> parts;
  for (uint64_t i = 0; i < kParts; ++i) parts.push_back({draw, i});
  return parts;
}

std::string NameOf(const testing::TestParamInfo<Part>& part) {
  return fmt::format("{}", part.param.number);
}

INSTANTIATE_TEST_SUITE_P(Manifests, ChaosTest,
                         testing::ValuesIn(PartsOf(DrawScenario)), NameOf);
INSTANTIATE_TEST_SUITE_P(Kubernetes, ChaosTest,
                         testing::ValuesIn(PartsOf(DrawKubernetesScenario)),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Bgp, ChaosTest,
                         testing::ValuesIn(PartsOf(DrawBgpScenario)), NameOf);

TEST(ChaosTraceTest, SameSeedSameTrace) {
  for (const auto& draw :
       {DrawScenario, DrawKubernetesScenario, DrawBgpScenario}) {
    for (const uint64_t seed : {1, 2, 3}) {
      const Outcome first = RunScenario(draw(seed));
      const Outcome second = RunScenario(draw(seed));
      EXPECT_EQ(first.trace_hash, second.trace_hash);
      EXPECT_EQ(first.events, second.events);
    }
    EXPECT_NE(RunScenario(draw(1)).trace_hash, RunScenario(draw(2)).trace_hash);
  }
}

}  // namespace
}  // namespace lb::chaos
