// What the seeds have found, each with its story, shortened and kept.
#include <string>

#include "gtest/gtest.h"
#include "lb/election/policy.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

void ExpectHolds(Scenario scenario, const std::string& script) {
  scenario.script = *ParseScript(script);
  const Outcome outcome = RunScenario(scenario);
  EXPECT_FALSE(outcome.violation)
      << outcome.violation->invariant << ": " << outcome.violation->what << "\n"
      << outcome.log;
}

// Two services shared an address. When the manifest of the first was gone its
// record stayed for the release delay, as a reservation that shares with
// nobody, and drove the second from the address.
TEST(FoundTest, WhoSharedAnAddressStaysWhenTheOtherGoes) {
  ExpectHolds({.seed = 97, .nodes = 3, .services = 44},
              "20000:remove-service:1:1:5014:33");
}

// A node that announced nothing did not watch for stalls. Stopped and woken
// within a partition, it declared others dead by timers that were overdue and
// announced their addresses, before it had heard from anybody.
TEST(FoundTest, AnIdleNodeThatWasStoppedKeepsSilentToo) {
  ExpectHolds({.seed = 274,
               .nodes = 6,
               .services = 5,
               .policy = election::Policy::kBalanced},
              "22926:pause:4:5:9032:0,29930:cut-both:1:2:24367:13");
}

// Frames were cut when both sides began to announce, and gossip went on being
// cut: nobody hears the other's first rounds, and the next come with the
// periodic refresh. Not a fault but a bound, Bounds::unheard.
TEST(FoundTest, SidesThatMissedEachOtherMeetAtTheNextRefresh) {
  ExpectHolds({.seed = 293,
               .nodes = 4,
               .services = 10,
               .policy = election::Policy::kBalanced},
              "109674:cut-one-way:3:2:30875:0,117852:cut-gossip:3:1:96963:3");
}

// A node started while gossip was cut and the segment was whole. It knew no MAC
// of the other side, took its members for foreign hosts, and both sides
// answered until gossip healed. Now it has the MACs on its disk.
TEST(FoundTest, WhoStartsWhileGossipIsCutKnowsWhomItCannotHear) {
  ExpectHolds({.seed = 706, .nodes = 4, .services = 2},
              "36486:cut-gossip:3:1:31525:5,39346:crash:2:1:4188:0");
}

// A node that lost its disk was cut off for longer than settle_time, and its
// civil clock ran behind: its claims had stamps that won over settled ones when
// the cut ended. Now they are provisional.
TEST(FoundTest, WhoLostItsDiskMovesNoSettledAddress) {
  ExpectHolds({.seed = 310,
               .nodes = 4,
               .services = 6,
               .policy = election::Policy::kBalanced},
              "37516:clock-jump:1:2:6839:-2253,"
              "100835:remove-service:1:0:60000:1,"
              "102002:cut-both:3:1:31136:14,116860:wipe:1:0:1000:0");
}

}  // namespace
}  // namespace lb::chaos
