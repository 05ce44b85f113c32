// DrawBgpScenario(): nodes that speak BGP with two routers.
#include <algorithm>
#include <iterator>

#include "lb/base/prng.h"
#include "tests/sim/chaos/scenario.h"

namespace lb::chaos {
namespace {

constexpr int kRouters = 2;
// From the start until the first fault; the length of a burst; between two.
constexpr absl::Duration kStart = absl::Seconds(15);
constexpr absl::Duration kBurst = absl::Seconds(20);
constexpr absl::Duration kRest = absl::Seconds(50);

constexpr FaultKind kFaults[] = {
    FaultKind::kLoss,        FaultKind::kDelay,       FaultKind::kDuplicate,
    FaultKind::kCutOneWay,   FaultKind::kCutGossip,   FaultKind::kCrash,
    FaultKind::kKill,        FaultKind::kKill,        FaultKind::kStop,
    FaultKind::kWipe,        FaultKind::kPause,       FaultKind::kPause,
    FaultKind::kClockJump,   FaultKind::kClockDrift,  FaultKind::kUnplug,
    FaultKind::kDrain,       FaultKind::kDrain,       FaultKind::kNewAddress,
    FaultKind::kRouterKill,  FaultKind::kRouterCrash, FaultKind::kRouterPause,
    FaultKind::kRouterPause, FaultKind::kRouterCut,   FaultKind::kRouterDeaf,
    FaultKind::kRouterSlow,  FaultKind::kRouterSlow,  FaultKind::kRouterNotify,
    FaultKind::kRouterReset, FaultKind::kRefresh};
// What disturbs no session.
constexpr FaultKind kQuietFaults[] = {FaultKind::kDrain, FaultKind::kRefresh,
                                      FaultKind::kClockJump,
                                      FaultKind::kCutGossip};

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
      return between(1, (1 << std::min(scenario.nodes, 20)) - 2);
    case FaultKind::kClockJump:
      return between(-3600, 3600);
    case FaultKind::kClockDrift:
      return between(-20'000, 20'000);
    case FaultKind::kRouterSlow:
      return prng.Chance(50) ? 0 : between(50, 2000);
    case FaultKind::kRouterNotify: {
      // Not 2: after a refused OPEN a node waits for up to a minute.
      constexpr int kCodes[] = {1 * 256 + 1, 3 * 256 + 1, 4 * 256, 5 * 256};
      return prng.Chance(50) ? 6 * 256 + between(1, 10)
                             : kCodes[prng.Uniform(std::size(kCodes))];
    }
    case FaultKind::kRefresh:
      return between(0, 1);
    case FaultKind::kObjects:
      return between(1, 1'000'000'000);
    default:
      return 0;
  }
}

absl::Duration DrawLength(FaultKind kind, Prng& prng) {
  const bool is_pause =
      kind == FaultKind::kPause || kind == FaultKind::kRouterPause;
  if (is_pause && prng.Chance(50)) {
    return absl::Milliseconds(20 + prng.Uniform(170));  // Unnoticed.
  }
  const bool stays = kind == FaultKind::kDrain || kind == FaultKind::kPause ||
                     kind == FaultKind::kRouterPause ||
                     kind == FaultKind::kRouterSlow ||
                     kind == FaultKind::kCrash || kind == FaultKind::kKill;
  const absl::Duration most =
      prng.Chance(stays ? 50 : 20) ? absl::Seconds(40) : absl::Seconds(6);
  return absl::Milliseconds(
      50 + absl::ToInt64Milliseconds(prng.UniformDuration(most)));
}

Fault DrawFault(FaultKind kind, absl::Duration start, const Scenario& scenario,
                Prng& prng) {
  Fault fault = {.start = start, .kind = kind};
  fault.node = 1 + static_cast<int>(prng.Uniform(scenario.nodes));
  fault.other = 1 + static_cast<int>(prng.Uniform(kRouters));
  if (kind == FaultKind::kCutOneWay) {
    fault.other =
        1 + (fault.node + static_cast<int>(prng.Uniform(scenario.nodes - 1))) %
                scenario.nodes;
  }
  fault.length = DrawLength(kind, prng);
  fault.amount = DrawAmount(kind, scenario, prng);
  return fault;
}

absl::Duration DrawStart(absl::Duration begin, absl::Duration length,
                         Prng& prng) {
  return begin + absl::Milliseconds(
                     absl::ToInt64Milliseconds(prng.UniformDuration(length)));
}

// A node withdraws its routes while a router reads slowly, and stays drained
// for longer.
Script SlowDrain(absl::Duration begin, const Scenario& scenario, Prng& prng) {
  Fault slow = DrawFault(FaultKind::kRouterSlow, begin, scenario, prng);
  slow.length = absl::Milliseconds(6000 + prng.Uniform(6000));
  slow.amount = 300 + static_cast<int>(prng.Uniform(2000));
  Fault drain = slow;
  drain.kind = FaultKind::kDrain;
  drain.start += absl::Milliseconds(prng.Uniform(3000));
  drain.length = absl::Seconds(60);
  return {slow, drain};
}

}  // namespace

Scenario DrawBgpScenario(uint64_t seed) {
  Prng prng = Prng(seed).Fork("bgp scenario");
  Scenario scenario = {.seed = seed, .source = Source::kBgp};
  const bool is_large = prng.Chance(10);
  scenario.nodes = is_large ? 7 + static_cast<int>(prng.Uniform(14))
                            : 3 + static_cast<int>(prng.Uniform(4));
  scenario.services = is_large ? 10 + static_cast<int>(prng.Uniform(20))
                               : 2 + static_cast<int>(prng.Uniform(14));
  const bool is_quiet = prng.Chance(33);
  const absl::Duration whole = 2 * kBurst + kRest;
  const uint64_t changes = prng.Uniform(is_quiet ? 60 : 25);
  for (uint64_t i = 0; i < changes; ++i) {
    scenario.script.push_back(DrawFault(
        FaultKind::kObjects, DrawStart(kStart, whole, prng), scenario, prng));
  }
  for (int burst = 0; burst < 2; ++burst) {
    const absl::Duration begin = kStart + burst * (kBurst + kRest);
    for (uint64_t i = 1 + prng.Uniform(8); i > 0; --i) {
      const FaultKind kind =
          is_quiet ? kQuietFaults[prng.Uniform(std::size(kQuietFaults))]
                   : kFaults[prng.Uniform(std::size(kFaults))];
      scenario.script.push_back(
          DrawFault(kind, DrawStart(begin, kBurst, prng), scenario, prng));
    }
  }
  if (!is_quiet && prng.Chance(20)) {
    const absl::Duration begin =
        DrawStart(kStart + kBurst + kRest, kBurst, prng);
    for (const Fault& fault : SlowDrain(begin, scenario, prng)) {
      scenario.script.push_back(fault);
    }
  }
  std::stable_sort(
      scenario.script.begin(), scenario.script.end(),
      [](const Fault& a, const Fault& b) { return a.start < b.start; });
  return scenario;
}

}  // namespace lb::chaos
