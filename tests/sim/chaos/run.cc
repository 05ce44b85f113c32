#include "tests/sim/chaos/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "daemon/problems/problems.h"
#include "tests/sim/chaos/bgp/run.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/checker.h"
#include "tests/sim/chaos/kubernetes/run.h"
#include "tests/sim/chaos/node_log.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(3);

class Runner {
 public:
  Runner(const Scenario& scenario,
         std::function<void(absl::Duration)> on_second)
      : scenario_(scenario),
        on_second_(std::move(on_second)),
        // A defect must not widen the bounds that measure it.
        bounds_(
            BoundsOf(OptionsOf({.policy = scenario.policy}), scenario.nodes)),
        stage_(scenario),
        checker_(&stage_, bounds_),
        began_(stage_.world().loop().Now()) {}

  Outcome Run() {
    stage_.StartAll();
    RunScript();
    Heal();
    Outcome outcome = OutcomeOf(stage_.world(), began_, checker_.violation());
    outcome.healed_within = healed_within_;
    outcome.longest_double_answer = checker_.longest_double_answer();
    if (outcome.violation) outcome.log = Log();
    return outcome;
  }

 private:
  bool failed() const { return checker_.violation().has_value(); }

  void RunScript() {
    PlayScript(
        scenario_.script,
        [this](absl::Duration at) {
          RunUntil(began_ + at);
          return !failed();
        },
        [this](const Fault& fault) { stage_.Begin(fault); },
        [this](const Fault& fault) { stage_.End(fault); });
  }

  void RunUntil(absl::Time end) {
    io::SimLoop& loop = stage_.world().loop();
    while (!failed() && loop.Now() < end) {
      const absl::Time next = std::min(next_check_, end);
      loop.RunUntil(next);
      if (next < next_check_) break;
      next_check_ += Checker::kInterval;
      checker_.OnInterval();
      if (++checks_ % 10 != 0) continue;
      UseAddresses();
      if (on_second_) on_second_(next - began_);
    }
  }

  void UseAddresses() {
    std::set<net::IpAddress> used;
    for (const auto& node : stage_.nodes()) {
      if (!node->acts()) continue;
      for (const auto& [service, entry] : node->agent->View().entries()) {
        for (const auto& assigned : entry.assignment.addresses) {
          used.insert(assigned.address);
        }
      }
      break;
    }
    for (const auto& client : stage_.clients()) client->SetUsed(used);
  }

  // Runs until `why` is empty, or fails with its last text.
  void Await(const std::string& invariant, absl::Duration limit,
             const std::function<std::optional<std::string>()>& why) {
    const absl::Time end = stage_.world().loop().Now() + limit;
    while (!failed()) {
      const auto reason = why();
      if (!reason) return;
      if (stage_.world().loop().Now() >= end) {
        checker_.Fail(invariant, *reason);
        return;
      }
      RunUntil(stage_.world().loop().Now() + Checker::kInterval);
    }
  }

  void Heal() {
    const absl::Time ended = stage_.world().loop().Now();
    Await("agrees-after-healing", bounds_.rest,
          [this] { return checker_.WhyNotAgreed(); });
    healed_within_ = stage_.world().loop().Now() - ended;
    RunUntil(ended + bounds_.rest);
    Await("agrees-after-healing", absl::ZeroDuration(),
          [this] { return checker_.WhyNotAgreed(); });
    Await("reached-after-healing", NeighbourTable::WrongMax(),
          [this] { return checker_.WhyNotReached(); });
    Await("delivered-after-healing", absl::ZeroDuration(),
          [this] { return checker_.WhyNotDelivered(); });
    CheckNothingIsPlanned();
    // Some problems are about the last minutes.
    Await("no-problems", absl::Minutes(2), [this] { return WhyProblems(); });
  }

  std::vector<uint64_t> Marks() {
    std::vector<uint64_t> marks;
    for (const auto& node : stage_.nodes()) {
      marks.push_back(node->host->log().last_sequence());
      // The history is marked once a minute, whatever happens.
      marks.push_back(node->host->state().writes("ledger."));
      marks.push_back(node->agent->View().addresses.ledger().version());
    }
    return marks;
  }

  void CheckNothingIsPlanned() {
    if (failed()) return;
    const auto before = Marks();
    stage_.ReadManifestsAgain();
    RunUntil(stage_.world().loop().Now() + kQuiet);
    if (failed() || Marks() == before) return;
    checker_.Fail("plans-nothing",
                  "events, writes or records after the same manifests");
  }

  // A lease gave a node another address than the join lists have.
  bool IsStale(const Problem& problem) const {
    return problem.object.starts_with("Seed/") &&
           std::any_of(scenario_.script.begin(), scenario_.script.end(),
                       [](const Fault& fault) {
                         return fault.kind == FaultKind::kNewAddress;
                       });
  }

  // Returns a problem that a node lists although nothing is wrong any more.
  std::optional<std::string> WhyProblems() {
    for (const auto& node : stage_.nodes()) {
      if (!node->acts()) continue;
      for (const Problem& problem : ListProblems(node->agent->View())) {
        if (IsStale(problem)) continue;
        return fmt::format("{} lists: {}", node->name, problem.text);
      }
    }
    return std::nullopt;
  }

  std::string Log() {
    NodeLog log;
    for (const auto& node : stage_.nodes()) log.AddEventsOf(*node);
    return log.ToString();
  }

  const Scenario& scenario_;
  const std::function<void(absl::Duration)> on_second_;
  const Bounds bounds_;
  Stage stage_;
  Checker checker_;
  const absl::Time began_;
  absl::Time next_check_ = began_ + Checker::kInterval;
  int64_t checks_ = 0;
  absl::Duration healed_within_;
};

}  // namespace

Outcome RunScenario(const Scenario& scenario,
                    std::function<void(absl::Duration)> on_second) {
  if (scenario.source == Source::kKubernetes) return RunKubernetes(scenario);
  if (scenario.source == Source::kBgp) return RunBgp(scenario);
  return Runner(scenario, std::move(on_second)).Run();
}

// Leaves out half of the faults, a quarter, ..., one, as long as it helps.
Scenario Shrink(const Scenario& scenario, const std::string& invariant) {
  Scenario best = scenario;
  for (size_t size = std::max<size_t>(best.script.size() / 2, 1); size > 0;
       size /= 2) {
    for (size_t at = 0; at < best.script.size();) {
      Scenario shorter = best;
      const auto begin = shorter.script.begin() + static_cast<ptrdiff_t>(at);
      shorter.script.erase(begin, begin + static_cast<ptrdiff_t>(std::min(
                                              size, best.script.size() - at)));
      const auto violation = RunScenario(shorter).violation;
      if (violation && violation->invariant == invariant) {
        best = shorter;
      } else {
        at += size;
      }
    }
  }
  return best;
}

std::string Report(const Scenario& scenario, const Violation& violation) {
  const Scenario shorter = Shrink(scenario, violation.invariant);
  const Outcome outcome = RunScenario(shorter);
  return fmt::format("{} at {}: {}\nrun it again: {}\n{}", violation.invariant,
                     absl::FormatDuration(outcome.violation->at),
                     outcome.violation->what, ReplayCommand(shorter),
                     outcome.log);
}

}  // namespace lb::chaos
