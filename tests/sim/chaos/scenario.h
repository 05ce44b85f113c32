// Scenario: the inputs of a simulated run: sizes, seed, faults, defect.
//
// DrawScenario(seed) draws one: mostly a few nodes and services, two bursts of
// faults with time between them in which the cluster must come to rest. Faults
// are drawn one by one; in every second scenario the second burst also has a
// story, which is some faults that belong together: a node that forgets all and
// is alone while services come and go, a rolling restart, a flapping cable,
// clients that miss a takeover.
#ifndef LB_TESTS_SIM_CHAOS_SCENARIO_H_
#define LB_TESTS_SIM_CHAOS_SCENARIO_H_

#include <cstdint>
#include <string>

#include "lb/election/policy.h"
#include "tests/sim/chaos/defect.h"
#include "tests/sim/chaos/fault.h"

namespace lb::chaos {

// Where the nodes' objects come from.
enum class Source { kManifests, kKubernetes, kBgp };

struct Scenario {
  uint64_t seed = 1;
  int nodes = 3;
  int services = 4;
  election::Policy policy = election::Policy::kCompat;
  Script script;  // In the order of start.
  Defect defect = Defect::kNone;
  Source source = Source::kManifests;
  // With Kubernetes, how many lbds only give addresses; 0: the first three
  // nodes do so besides.
  int controllers = 0;
};

Scenario DrawScenario(uint64_t seed);
// Draws one of a cluster with Kubernetes: 2 to 5 nodes, up to 12 services which
// a user changes all the time, and faults of the API server among the others.
// The stories are: controllers that stop while services come and a watch is
// late, a cut of one lbd while the server forgets old versions, a rolling
// restart, a restore of an older state.
Scenario DrawKubernetesScenario(uint64_t seed);
// Draws one of nodes that speak BGP with two routers: 3 to 6 nodes, one seed in
// ten 7 to 20. Objects are read again and again all the time. Every third seed
// has no other faults but such that disturb no session. The story is: a router
// that reads slowly while a node drains.
Scenario DrawBgpScenario(uint64_t seed);

// The shell command that runs this scenario again.
std::string ReplayCommand(const Scenario& scenario);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_SCENARIO_H_
