// Failures that seeds have found, each with its story, shortened and kept.
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/election/policy.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

using absl::Milliseconds;

void ExpectHolds(const Scenario& scenario) {
  const Outcome outcome = RunScenario(scenario);
  EXPECT_FALSE(outcome.violation)
      << outcome.violation->invariant << ": " << outcome.violation->what << "\n"
      << outcome.log;
}

// Two services shared an address. When the manifest of the first was gone its
// record stayed for the release delay, as a reservation that shares with no
// other service, and drove the second from the address.
TEST(FoundTest, WhoSharedAnAddressStaysWhenTheOtherGoes) {
  ExpectHolds({.seed = 97,
               .nodes = 3,
               .services = 44,
               .script = {{.start = Milliseconds(20000),
                           .kind = FaultKind::kRemoveService,
                           .node = 1,
                           .other = 1,
                           .length = Milliseconds(5014),
                           .amount = 33}}});
}

// A node that announced nothing did not watch for stalls. Stopped and woken
// within a partition, it declared others dead by timers that were overdue and
// announced their addresses, before it had heard from any node.
TEST(FoundTest, AnIdleNodeThatWasStoppedKeepsSilentToo) {
  ExpectHolds({.seed = 274,
               .nodes = 6,
               .services = 5,
               .policy = election::Policy::kBalanced,
               .script = {{.start = Milliseconds(22926),
                           .kind = FaultKind::kPause,
                           .node = 4,
                           .other = 5,
                           .length = Milliseconds(9032)},
                          {.start = Milliseconds(29930),
                           .kind = FaultKind::kCutBoth,
                           .node = 1,
                           .other = 2,
                           .length = Milliseconds(24367),
                           .amount = 13}}});
}

// Frames were cut when both sides began to announce, and gossip went on being
// cut: no side hears the other's first rounds, and the next come with the
// periodic refresh. This is no fault but a bound, Bounds::unheard.
TEST(FoundTest, SidesThatMissedEachOtherMeetAtTheNextRefresh) {
  ExpectHolds({.seed = 293,
               .nodes = 4,
               .services = 10,
               .policy = election::Policy::kBalanced,
               .script = {{.start = Milliseconds(109674),
                           .kind = FaultKind::kCutOneWay,
                           .node = 3,
                           .other = 2,
                           .length = Milliseconds(30875)},
                          {.start = Milliseconds(117852),
                           .kind = FaultKind::kCutGossip,
                           .node = 3,
                           .other = 1,
                           .length = Milliseconds(96963),
                           .amount = 3}}});
}

// A node started while gossip was cut and the segment was whole. It knew no MAC
// of the other side, took its members for foreign hosts, and both sides
// answered until gossip healed. Now it has the MACs on its disk.
TEST(FoundTest, WhoStartsWhileGossipIsCutKnowsWhomItCannotHear) {
  ExpectHolds({.seed = 706,
               .nodes = 4,
               .services = 2,
               .script = {{.start = Milliseconds(36486),
                           .kind = FaultKind::kCutGossip,
                           .node = 3,
                           .other = 1,
                           .length = Milliseconds(31525),
                           .amount = 5},
                          {.start = Milliseconds(39346),
                           .kind = FaultKind::kCrash,
                           .node = 2,
                           .other = 1,
                           .length = Milliseconds(4188)}}});
}

// A node that lost its disk was cut off for longer than settle_time, and its
// civil clock ran behind: its claims had stamps that won over settled ones when
// the cut ended. Now they are provisional.
TEST(FoundTest, WhoLostItsDiskMovesNoSettledAddress) {
  ExpectHolds({.seed = 310,
               .nodes = 4,
               .services = 6,
               .policy = election::Policy::kBalanced,
               .script = {{.start = Milliseconds(37516),
                           .kind = FaultKind::kClockJump,
                           .node = 1,
                           .other = 2,
                           .length = Milliseconds(6839),
                           .amount = -2253},
                          {.start = Milliseconds(100835),
                           .kind = FaultKind::kRemoveService,
                           .node = 1,
                           .length = Milliseconds(60000),
                           .amount = 1},
                          {.start = Milliseconds(102002),
                           .kind = FaultKind::kCutBoth,
                           .node = 3,
                           .other = 1,
                           .length = Milliseconds(31136),
                           .amount = 14},
                          {.start = Milliseconds(116860),
                           .kind = FaultKind::kWipe,
                           .node = 1,
                           .length = Milliseconds(1000)}}});
}

// A router was stopped when its kernel accepted a node's connection, and the
// node got another address before the router answered: its routes kept the old
// next hop.
TEST(FoundTest, ANodeThatMovesBeforeASessionIsUpIsTheNextHop) {
  ExpectHolds({.seed = 323,
               .nodes = 4,
               .services = 10,
               .script = {{.start = Milliseconds(88691),
                           .kind = FaultKind::kNewAddress,
                           .node = 2,
                           .other = 2,
                           .length = Milliseconds(5371)},
                          {.start = Milliseconds(100143),
                           .kind = FaultKind::kRouterPause,
                           .node = 1,
                           .other = 2,
                           .length = Milliseconds(6008)},
                          {.start = Milliseconds(102293),
                           .kind = FaultKind::kNewAddress,
                           .node = 1,
                           .other = 2,
                           .length = Milliseconds(4834)}},
               .source = Source::kBgp});
}

// Graceful restart was switched on for a peer while the node ran. The next
// process did not say that it had restarted, and the router dropped its routes.
TEST(FoundTest, ARestartIsToldThoughItWasPromisedLater) {
  ExpectHolds({.seed = 68,
               .nodes = 6,
               .services = 6,
               .script = {{.start = Milliseconds(87089),
                           .kind = FaultKind::kObjects,
                           .node = 2,
                           .other = 2,
                           .length = Milliseconds(1482),
                           .amount = 699288767},
                          {.start = Milliseconds(96847),
                           .kind = FaultKind::kStop,
                           .node = 4,
                           .other = 2,
                           .length = Milliseconds(10420)}},
               .source = Source::kBgp});
}

}  // namespace
}  // namespace lb::chaos
