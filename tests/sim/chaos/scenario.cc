#include "tests/sim/chaos/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lb/base/prng.h"

namespace lb::chaos {
namespace {

constexpr election::Policy kPolicies[] = {election::Policy::kCompat,
                                          election::Policy::kSticky,
                                          election::Policy::kBalanced};

// The time from the start of the first nodes until the first fault, the length
// of a burst, and the rest between two.
constexpr absl::Duration kStart = absl::Seconds(20);
constexpr absl::Duration kBurst = absl::Seconds(20);
constexpr absl::Duration kRest = absl::Seconds(60);

int DrawAmount(FaultKind kind, const Scenario& scenario, Prng& prng) {
  const auto between = [&](int least, int most) {
    return least + static_cast<int>(prng.Uniform(most - least + 1));
  };
  switch (kind) {
    case FaultKind::kLoss:
    case FaultKind::kDuplicate:
      return between(1, 30);
    case FaultKind::kDelay:
      return between(1, 40);
    case FaultKind::kCutGossip:
    case FaultKind::kCutSegment:
    case FaultKind::kCutBoth:
      return between(1, (1 << std::min(scenario.nodes, 20)) - 2);
    case FaultKind::kClockJump:
      return between(-3600, 3600);
    case FaultKind::kClockDrift:
      return between(-20'000, 20'000);
    case FaultKind::kRemoveService:
    case FaultKind::kThief:
    case FaultKind::kHostAddress:
      return between(0, scenario.services - 1);
    case FaultKind::kDiskSlow:
      return between(100, 3000);
    case FaultKind::kMalformed:
      return between(50, 500);
    default:
      return 0;
  }
}

absl::Duration DrawLength(FaultKind kind, Prng& prng) {
  if (kind == FaultKind::kPause) {
    // Around the time in which others find out, and far above it.
    return absl::Milliseconds(50 + prng.Uniform(prng.Chance(50) ? 600 : 9000));
  }
  const bool stays_away =
      kind == FaultKind::kCrash || kind == FaultKind::kKill ||
      kind == FaultKind::kWipe || kind == FaultKind::kLoseIpv6 ||
      kind == FaultKind::kOutsider;
  if (stays_away && prng.Chance(20)) {
    return absl::Milliseconds(60'000 + prng.Uniform(15'000));
  }
  const absl::Duration most =
      prng.Chance(20) ? absl::Seconds(40) : absl::Seconds(8);
  return absl::Milliseconds(
      100 + absl::ToInt64Milliseconds(prng.UniformDuration(most)));
}

Fault DrawFault(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  Fault fault;
  // Kinds from kReplay on are drawn from a generator of their own.
  fault.kind = static_cast<FaultKind>(
      prng.Uniform(static_cast<uint64_t>(FaultKind::kReplay)));
  fault.start = begin + absl::Milliseconds(absl::ToInt64Milliseconds(
                            prng.UniformDuration(kBurst)));
  fault.node = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  fault.other =
      1 + (fault.node + static_cast<int>(prng.Uniform(scenario.nodes - 1))) %
              scenario.nodes;
  fault.length = DrawLength(fault.kind, prng);
  fault.amount = DrawAmount(fault.kind, scenario, prng);
  return fault;
}

// One node loses its disk and the others at a time when it would assign other
// addresses: a service is gone and another has come.
Script Amnesia(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  const int node = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  const int alone = 1 << ((node - 1) % 20);
  const FaultKind cut =
      prng.Chance(50) ? FaultKind::kCutGossip : FaultKind::kCutBoth;
  const auto later = [&](int from, int to) {
    return begin + absl::Milliseconds(from + prng.Uniform(to - from));
  };
  const int gone = static_cast<int>(prng.Uniform(scenario.services));
  return {
      {later(0, 1000), FaultKind::kRemoveService, node, 0, absl::Seconds(60),
       gone},
      {later(8000, 9000), FaultKind::kAddService, node, 0, absl::Seconds(1), 0},
      {later(10'000, 15'000), cut, node, 0, absl::Seconds(20), alone},
      {later(15'500, 17'000), FaultKind::kWipe, node, 0, absl::Seconds(1), 0},
  };
}

Script RollingRestart(absl::Duration begin, const Scenario& scenario,
                      Prng& prng) {
  const FaultKind kind = prng.Chance(50) ? FaultKind::kKill : FaultKind::kCrash;
  const absl::Duration step = absl::Milliseconds(
      200 + prng.Uniform(kBurst / absl::Milliseconds(1) / scenario.nodes));
  Script script;
  for (int node = 1; node <= scenario.nodes; ++node) {
    script.push_back({begin + node * step, kind, node, 0,
                      absl::Milliseconds(100 + prng.Uniform(2000)), 0});
  }
  return script;
}

Script Flapping(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  const int node = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  Script script;
  absl::Duration at = begin;
  while (at < begin + kBurst) {
    const auto off = absl::Milliseconds(50 + prng.Uniform(2000));
    script.push_back({at, FaultKind::kUnplug, node, 0, off, 0});
    at += off + absl::Milliseconds(50 + prng.Uniform(3000));
  }
  return script;
}

// A node fails while the clients hear no frames: they miss its successor's
// first announcements.
Script DeafClients(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  const int node = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  const int all = (1 << std::min(scenario.nodes, 20)) - 1;
  return {{begin, FaultKind::kCutSegment, node, 0,
           absl::Milliseconds(500 + prng.Uniform(4000)), all},
          {begin + absl::Milliseconds(prng.Uniform(500)), FaultKind::kCrash,
           node, 0, absl::Seconds(20), 0}};
}

// All start again, one fails soon, and the others are played the datagrams that
// they got in the life before.
Script OldAcks(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  const int failed = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  const absl::Duration at =
      begin + absl::Milliseconds(3000 + prng.Uniform(5000));
  const absl::Duration length = absl::Milliseconds(5000 + prng.Uniform(5000));
  Script script = {
      {begin, FaultKind::kPowerCut, failed, 0, absl::Milliseconds(500), 0},
      {at, FaultKind::kCrash, failed, 0, length, 0}};
  for (int node = 1; node <= scenario.nodes; ++node) {
    if (node == failed) continue;
    script.push_back({at - absl::Seconds(1), FaultKind::kReplay, node, node,
                      length, static_cast<int>(prng.Uniform(2))});
  }
  return script;
}

Fault DrawReplay(const Scenario& scenario, Prng& prng) {
  const auto any_node = [&] {
    return 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  };
  const absl::Duration begin =
      kStart + static_cast<int>(prng.Uniform(2)) * (kBurst + kRest);
  Fault fault = {.start = begin + absl::Milliseconds(prng.Uniform(
                                      kBurst / absl::Milliseconds(1))),
                 .kind = FaultKind::kReplay,
                 .node = any_node(),
                 .length = absl::Milliseconds(100 + prng.Uniform(10'000)),
                 .amount = static_cast<int>(prng.Uniform(2))};
  fault.other = prng.Chance(75) ? fault.node : any_node();
  return fault;
}

// Adds replays to the other drawn faults.
void DrawReplays(Scenario& scenario, Prng prng) {
  Script& script = scenario.script;
  while (prng.Chance(30)) script.push_back(DrawReplay(scenario, prng));
  const bool is_small = scenario.nodes <= 6;
  if (is_small && prng.Chance(10)) {
    const absl::Duration begin =
        kStart + kBurst + kRest + absl::Milliseconds(prng.Uniform(5000));
    for (const Fault& fault : OldAcks(begin, scenario, prng)) {
      script.push_back(fault);
    }
  }
  std::stable_sort(
      script.begin(), script.end(),
      [](const Fault& a, const Fault& b) { return a.start < b.start; });
}

Script DrawScript(const Scenario& scenario, Prng prng) {
  Script script;
  for (int burst = 0; burst < 2; ++burst) {
    const absl::Duration begin = kStart + burst * (kBurst + kRest);
    const int faults = 1 + static_cast<int>(prng.Uniform(8));
    for (int i = 0; i < faults; ++i) {
      script.push_back(DrawFault(begin, scenario, prng));
    }
  }
  constexpr Script (*kStories[])(absl::Duration, const Scenario&, Prng&) = {
      Amnesia, RollingRestart, Flapping, DeafClients};
  const absl::Duration begin = kStart + kBurst + kRest;
  const uint64_t story = prng.Uniform(2 * std::size(kStories));
  if (story < std::size(kStories)) {
    for (const Fault& fault : kStories[story](begin, scenario, prng)) {
      script.push_back(fault);
    }
  }
  return script;
}

}  // namespace

Scenario DrawScenario(uint64_t seed) {
  Prng prng = Prng(seed).Fork("scenario");
  Scenario scenario = {.seed = seed};
  const bool is_large = prng.Chance(4);
  scenario.nodes = is_large ? 8 + static_cast<int>(prng.Uniform(25))
                            : 3 + static_cast<int>(prng.Uniform(4));
  scenario.services = is_large ? 20 + static_cast<int>(prng.Uniform(60))
                               : 1 + static_cast<int>(prng.Uniform(12));
  scenario.policy = kPolicies[prng.Uniform(3)];
  scenario.script = DrawScript(scenario, prng.Fork("script"));
  DrawReplays(scenario, prng.Fork("replays"));
  return scenario;
}

std::string ReplayCommand(const Scenario& scenario) {
  std::string source;
  if (scenario.source == Source::kKubernetes) {
    source =
        fmt::format("--kubernetes --controllers={} ", scenario.controllers);
  } else if (scenario.source == Source::kBgp) {
    source = "--bgp ";
  }
  return fmt::format(
      "bazel run //tests/sim/chaos -- {}--seed={} --nodes={} --services={} "
      "--policy={} --defect={} --script={}",
      source, scenario.seed, scenario.nodes, scenario.services,
      election::ToString(scenario.policy), ToString(scenario.defect),
      ToString(scenario.script));
}

}  // namespace lb::chaos
