// chaos: runs one scenario, or the seeds from --seed on, and says what came of
// it. See docs/reliability.md.
//
//   chaos --seed=7                 one seed
//   chaos --seed=1 --count=200     seeds 1 to 200, and one hash of their traces
//   chaos --kubernetes --seed=7    a cluster with an API server
//   chaos --bgp --seed=7           nodes that speak BGP with two routers
//   chaos --seed=7 --nodes=3 --services=4 --policy=compat --script=...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "lb/io/sim/trace_hash.h"
#include "tests/sim/chaos/bgp/bounds.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {
namespace {

struct Arguments {
  uint64_t seed = 1;
  uint64_t count = 1;
  int nodes = 0;
  int services = 0;
  std::string policy;
  std::string defect = "none";
  std::string script;
  bool has_script = false;
  bool quiet = false;
  bool progress = false;
  bool only_first = false;
  bool kubernetes = false;
  bool bgp = false;
  int controllers = -1;
};

// Nullopt: an argument is wrong, and was complained of.
std::optional<Scenario> ScenarioOf(const Arguments& arguments, uint64_t seed) {
  Scenario scenario = arguments.kubernetes ? DrawKubernetesScenario(seed)
                      : arguments.bgp      ? DrawBgpScenario(seed)
                                           : DrawScenario(seed);
  if (arguments.controllers >= 0) scenario.controllers = arguments.controllers;
  if (arguments.nodes > 0) scenario.nodes = arguments.nodes;
  if (arguments.services > 0) scenario.services = arguments.services;
  const auto defect = ParseDefect(arguments.defect);
  if (!defect) {
    fmt::print(stderr, "defect {}: unknown\n", arguments.defect);
    return std::nullopt;
  }
  scenario.defect = *defect;
  if (!arguments.policy.empty()) {
    const auto policy = election::ParsePolicy(arguments.policy);
    if (!policy.ok()) {
      fmt::print(stderr, "{}\n", policy.status().ToString());
      return std::nullopt;
    }
    scenario.policy = *policy;
  }
  if (arguments.has_script) {
    const auto script = ParseScript(arguments.script);
    if (!script.ok()) {
      fmt::print(stderr, "{}\n", script.status().ToString());
      return std::nullopt;
    }
    scenario.script = *script;
  }
  return scenario;
}

std::string BoundsText(const Scenario& scenario) {
  switch (scenario.source) {
    case Source::kManifests:
      return BoundsOf(OptionsOf(scenario), scenario.nodes).ToString();
    case Source::kBgp:
      return BgpBoundsOf(scenario).ToString();
    case Source::kKubernetes:
      return "";
  }
  return "";
}

void PrintProgress(absl::Duration virtual_time) {
  fmt::print(stderr, "{}\n", absl::FormatDuration(virtual_time));
}

int RunAll(const Arguments& arguments) {
  int failed = 0;
  absl::Duration longest_double;
  absl::Duration longest_healing;
  uint64_t last = arguments.seed;
  io::TraceHash traces;
  for (uint64_t seed = arguments.seed; seed < arguments.seed + arguments.count;
       ++seed) {
    const auto scenario = ScenarioOf(arguments, seed);
    if (!scenario) return 2;
    const Outcome outcome =
        RunScenario(*scenario, arguments.progress ? PrintProgress : nullptr);
    last = seed;
    traces.Mix(outcome.trace_hash);
    longest_double = std::max(longest_double, outcome.longest_double_answer);
    longest_healing = std::max(longest_healing, outcome.healed_within);
    if (outcome.violation) {
      ++failed;
      fmt::print(
          "seed {}: {} at {}: {}\n{}\n", seed, outcome.violation->invariant,
          absl::FormatDuration(outcome.violation->at), outcome.violation->what,
          arguments.quiet ? "" : Report(*scenario, *outcome.violation));
    } else if (arguments.count == 1) {
      fmt::print(
          "{} nodes, {} services, {} faults: holds; {} virtual, {} events, "
          "trace {:016x}\n{}\n",
          scenario->nodes, scenario->services, scenario->script.size(),
          absl::FormatDuration(outcome.virtual_time), outcome.events,
          outcome.trace_hash, BoundsText(*scenario));
    }
    std::fflush(stdout);
    if (failed > 0 && arguments.only_first) break;
  }
  fmt::print(
      "{} of {} violate; longest double answer {}, healing {}; traces "
      "{:016x}\n",
      failed, last - arguments.seed + 1, absl::FormatDuration(longest_double),
      absl::FormatDuration(longest_healing), traces.value());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lb::chaos

int main(int argc, char** argv) {
  lb::chaos::Arguments arguments;
  CLI::App app("Runs simulated clusters under faults.");
  app.add_option("--seed", arguments.seed, "the first seed");
  app.add_option("--count", arguments.count, "how many seeds");
  app.add_option("--nodes", arguments.nodes, "instead of the drawn number");
  app.add_option("--services", arguments.services, "likewise");
  app.add_flag("--kubernetes", arguments.kubernetes,
               "clusters with an API server");
  app.add_flag("--bgp", arguments.bgp, "nodes that speak BGP with two routers");
  app.add_option("--controllers", arguments.controllers,
                 "lbds that only give addresses, with --kubernetes");
  app.add_option("--policy", arguments.policy, "compat, sticky or balanced");
  app.add_option("--defect", arguments.defect, "a seeded defect");
  auto* script = app.add_option("--script", arguments.script,
                                "faults instead of the drawn ones");
  app.add_flag("--quiet", arguments.quiet, "do not shorten what fails");
  app.add_flag("--progress", arguments.progress, "print each virtual second");
  app.add_flag("--first", arguments.only_first, "stop at the first that fails");
  CLI11_PARSE(app, argc, argv);
  arguments.has_script = script->count() > 0;
  return lb::chaos::RunAll(arguments);
}
