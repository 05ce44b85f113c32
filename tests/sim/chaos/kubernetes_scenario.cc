// Scenario: what is drawn for clusters with Kubernetes.
#include <algorithm>
#include <iterator>

#include "lb/base/prng.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr election::Policy kPolicies[] = {election::Policy::kCompat,
                                          election::Policy::kSticky,
                                          election::Policy::kBalanced};

// The time until the first fault, the length of a burst, and the rest between
// two.
constexpr absl::Duration kStart = absl::Seconds(8);
constexpr absl::Duration kBurst = absl::Seconds(16);
constexpr absl::Duration kRest = absl::Seconds(14);
constexpr int kBursts = 2;
// Bits of kApiErrors.
constexpr int kWaysToFail = 12;

// More than one entry: the kind is drawn more often.
constexpr FaultKind kKinds[] = {
    FaultKind::kLoss,       FaultKind::kDelay,      FaultKind::kCutBoth,
    FaultKind::kCutGossip,  FaultKind::kCrash,      FaultKind::kKill,
    FaultKind::kKill,       FaultKind::kStop,       FaultKind::kStop,
    FaultKind::kPause,      FaultKind::kPause,      FaultKind::kUnplug,
    FaultKind::kDrain,      FaultKind::kClockJump,  FaultKind::kClockDrift,
    FaultKind::kApiCut,     FaultKind::kApiCut,     FaultKind::kApiCut,
    FaultKind::kApiRestart, FaultKind::kApiRestart, FaultKind::kApiErrors,
    FaultKind::kApiErrors,  FaultKind::kApiCompact, FaultKind::kApiLag,
};

int LbdsOf(const Scenario& scenario) {
  return scenario.nodes + scenario.controllers;
}

int AnyLbd(const Scenario& scenario, Prng& prng) {
  return 1 + static_cast<int>(prng.Uniform(LbdsOf(scenario)));
}

// One that can act as the controller.
int AnyController(const Scenario& scenario, Prng& prng) {
  if (scenario.controllers == 0) {
    return 1 + static_cast<int>(prng.Uniform(std::min(scenario.nodes, 3)));
  }
  return 1 + scenario.nodes +
         static_cast<int>(prng.Uniform(scenario.controllers));
}

absl::Duration Between(int least, int most, Prng& prng) {
  return absl::Milliseconds(least + prng.Uniform(most - least + 1));
}

int DrawAmount(FaultKind kind, const Scenario& scenario, Prng& prng) {
  const auto between = [&](int least, int most) {
    return least + static_cast<int>(prng.Uniform(most - least + 1));
  };
  switch (kind) {
    case FaultKind::kLoss:
      return between(1, 30);
    case FaultKind::kDelay:
      return between(1, 40);
    case FaultKind::kCutBoth:
    case FaultKind::kCutGossip:
      return between(1, (1 << scenario.nodes) - 2);
    case FaultKind::kClockJump:
      return between(-3600, 3600);
    case FaultKind::kClockDrift:
      return between(-20'000, 20'000);
    case FaultKind::kApiRestart:
      return prng.Chance(50) ? 0 : between(0, 2000);
    case FaultKind::kApiErrors:
      return between(1, (1 << kWaysToFail) - 1) &
             between(1, (1 << kWaysToFail) - 1);
    case FaultKind::kApiLag:
      return between(20, 5000);
    default:
      return 0;
  }
}

Fault DrawFault(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  Fault fault;
  fault.kind = kKinds[prng.Uniform(std::size(kKinds))];
  fault.start = begin + Between(0, kBurst / absl::Milliseconds(1), prng);
  // Only a node has a place in the local network.
  fault.node = fault.kind == FaultKind::kDrain
                   ? 1 + static_cast<int>(prng.Uniform(scenario.nodes))
                   : AnyLbd(scenario, prng);
  fault.length = Between(100, prng.Chance(30) ? 14'000 : 6'000, prng);
  fault.amount = DrawAmount(fault.kind, scenario, prng);
  return fault;
}

Fault Change(absl::Duration at, Prng& prng) {
  return {.start = at,
          .kind = FaultKind::kApiChange,
          .node = 1,
          .amount = static_cast<int>(prng.Uniform(1'000'000'000))};
}

// Some changes within `length`.
void AddChanges(absl::Duration begin, absl::Duration length, int count,
                Prng& prng, Script& script) {
  for (int i = 0; i < count; ++i) {
    script.push_back(Change(
        begin + absl::Milliseconds(prng.Uniform(
                    static_cast<uint64_t>(length / absl::Milliseconds(1)))),
        prng));
  }
}

// Controllers stop, one after the other, while services come and what a
// controller hears is late.
Script StopsInHaste(absl::Duration begin, const Scenario& scenario,
                    Prng& prng) {
  Script script = {{.start = begin,
                    .kind = FaultKind::kApiLag,
                    .node = 1,
                    .length = kBurst,
                    .amount = 500 + static_cast<int>(prng.Uniform(4500))}};
  if (prng.Chance(50)) {  // Some requests take longer.
    constexpr int kSlow = 1 << 7;
    script.push_back({.start = begin,
                      .kind = FaultKind::kApiErrors,
                      .node = 1,
                      .length = kBurst,
                      .amount = kSlow});
  }
  for (int i = 0; i < 5; ++i) {
    const absl::Duration at =
        begin + absl::Seconds(3) * i + Between(0, 1000, prng);
    script.push_back({.start = at,
                      .kind = FaultKind::kStop,
                      .node = AnyController(scenario, prng),
                      .length = Between(1200, 4000, prng)});
    AddChanges(at - absl::Milliseconds(100), absl::Seconds(1), 6, prng, script);
  }
  return script;
}

// One lbd hears nothing of the changes, and the server forgets them.
Script ForgottenChanges(absl::Duration begin, const Scenario& scenario,
                        Prng& prng) {
  const absl::Duration length = Between(4000, 14'000, prng);
  Script script = {{.start = begin,
                    .kind = FaultKind::kApiCut,
                    .node = AnyLbd(scenario, prng),
                    .length = length},
                   {.start = begin + length - absl::Milliseconds(50),
                    .kind = FaultKind::kApiCompact,
                    .node = 1}};
  AddChanges(begin, length, 10, prng, script);
  return script;
}

Script RollingRestart(absl::Duration begin, const Scenario& scenario,
                      Prng& prng) {
  const FaultKind kind = prng.Chance(50) ? FaultKind::kStop : FaultKind::kKill;
  Script script;
  for (int lbd = 1; lbd <= LbdsOf(scenario); ++lbd) {
    script.push_back({.start = begin + lbd * absl::Milliseconds(1800),
                      .kind = kind,
                      .node = lbd,
                      .length = Between(100, 2500, prng)});
  }
  return script;
}

// The operator puts an older state back, and goes on to work.
Script Restore(absl::Duration begin, const Scenario&, Prng& prng) {
  const absl::Duration length = Between(500, 14'000, prng);
  Script script = {{.start = begin,
                    .kind = FaultKind::kApiRestore,
                    .node = 1,
                    .length = length,
                    .amount = static_cast<int>(prng.Uniform(3000))}};
  AddChanges(begin + length, kBurst, 15, prng, script);
  return script;
}

Script DrawScript(const Scenario& scenario, Prng prng) {
  Script script;
  for (int burst = 0; burst < kBursts; ++burst) {
    const absl::Duration begin = kStart + burst * (kBurst + kRest);
    const int faults = 1 + static_cast<int>(prng.Uniform(7));
    for (int i = 0; i < faults; ++i) {
      script.push_back(DrawFault(begin, scenario, prng));
    }
    AddChanges(begin, kBurst, 10 + static_cast<int>(prng.Uniform(30)), prng,
               script);
  }
  constexpr Script (*kStories[])(absl::Duration, const Scenario&, Prng&) = {
      StopsInHaste, ForgottenChanges, RollingRestart, Restore};
  const absl::Duration begin = kStart + kBurst + kRest;
  const uint64_t story = prng.Uniform(2 * std::size(kStories));
  if (story < std::size(kStories)) {
    for (const Fault& fault : kStories[story](begin, scenario, prng)) {
      script.push_back(fault);
    }
  }
  std::stable_sort(
      script.begin(), script.end(),
      [](const Fault& a, const Fault& b) { return a.start < b.start; });
  return script;
}

}  // namespace

Scenario DrawKubernetesScenario(uint64_t seed) {
  Prng prng = Prng(seed).Fork("kubernetes scenario");
  Scenario scenario = {.seed = seed, .source = Source::kKubernetes};
  scenario.nodes = 2 + static_cast<int>(prng.Uniform(4));
  scenario.services = 1 + static_cast<int>(prng.Uniform(12));
  scenario.controllers = static_cast<int>(prng.Uniform(4));
  scenario.policy = kPolicies[prng.Uniform(3)];
  scenario.script = DrawScript(scenario, prng.Fork("script"));
  return scenario;
}

}  // namespace lb::chaos
