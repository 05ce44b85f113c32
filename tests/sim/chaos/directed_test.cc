// Single faults that last so long that the cluster must come to rest while they
// last. Faults that are drawn seldom leave it that time.
#include <string>

#include "gtest/gtest.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

// Three nodes; of twelve services four are IPv6, two have both families.
void ExpectHolds(const std::string& script, uint64_t seed) {
  Scenario scenario = {.seed = seed, .nodes = 3, .services = 12};
  scenario.script = *ParseScript(script);
  const Outcome outcome = RunScenario(scenario);
  EXPECT_FALSE(outcome.violation)
      << outcome.violation->invariant << ": " << outcome.violation->what << "\n"
      << outcome.log;
}

TEST(DirectedTest, ServicesLeaveANodeThatLosesIpv6AndComeBack) {
  ExpectHolds("20000:lose-ipv6:1:0:100000:0", 1);
}

TEST(DirectedTest, OneNodeHasIpv6AndTakesAll) {
  ExpectHolds("20000:lose-ipv6:1:0:100000:0,21000:lose-ipv6:3:0:100000:0", 2);
}

TEST(DirectedTest, AnIpv6AddressIsNobodysWhileNoNodeHasIpv6) {
  ExpectHolds(
      "20000:lose-ipv6:1:0:60000:0,21000:lose-ipv6:2:0:60000:0,"
      "22000:lose-ipv6:3:0:60000:0",
      3);
}

TEST(DirectedTest, AnOutsiderIsNamedAndChangesNothing) {
  ExpectHolds("20000:outsider:1:0:100000:0", 4);
}

TEST(DirectedTest, AMemberWithAnotherKeyIsOutUntilItHasTheSame) {
  ExpectHolds("20000:other-key:2:0:100000:0", 5);
}

// They have one key: two clusters on one segment.
TEST(DirectedTest, TwoMembersWithAnotherKeyComeBack) {
  ExpectHolds("20000:other-key:1:0:60000:0,20500:other-key:2:0:60000:0", 6);
}

}  // namespace
}  // namespace lb::chaos
