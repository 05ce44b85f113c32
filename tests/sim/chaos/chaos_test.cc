// Clusters drawn from seeds 1, 2, ..., under drawn faults; CHAOS_SEEDS (200)
// says how many: bazel test --test_env=CHAOS_SEEDS=10000 --test_timeout=3600
// ...
#include <cstdlib>

#include "absl/strings/numbers.h"
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

// Every fourth seed, so that the parts run side by side.
class ChaosTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ChaosTest, InvariantsHold) {
  for (uint64_t seed = 1 + GetParam(); seed <= Seeds(); seed += kParts) {
    const Scenario scenario = DrawScenario(seed);
    const Outcome outcome = RunScenario(scenario);
    ASSERT_FALSE(outcome.violation) << Report(scenario, *outcome.violation);
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, ChaosTest, testing::Range<uint64_t>(0, kParts));

TEST(ChaosTraceTest, SameSeedSameTrace) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Outcome first = RunScenario(DrawScenario(seed));
    const Outcome second = RunScenario(DrawScenario(seed));
    EXPECT_EQ(first.trace_hash, second.trace_hash);
    EXPECT_EQ(first.events, second.events);
  }
  EXPECT_NE(RunScenario(DrawScenario(1)).trace_hash,
            RunScenario(DrawScenario(2)).trace_hash);
}

}  // namespace
}  // namespace lb::chaos
