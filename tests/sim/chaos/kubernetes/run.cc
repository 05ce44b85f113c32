#include "tests/sim/chaos/kubernetes/run.h"

#include <algorithm>
#include <optional>
#include <string>

#include "fmt/format.h"
#include "tests/sim/chaos/kubernetes/checker.h"
#include "tests/sim/chaos/kubernetes/stage.h"
#include "tests/sim/chaos/kubernetes/status_watch.h"
#include "tests/sim/chaos/node_log.h"

namespace lb::chaos {
namespace {

// An lbd that was cut off gives a silent connection up after 10 s
// (SimTiming::dead_after), and then waits for up to BackOffOptions::max.
constexpr absl::Duration kFoundAgain = absl::Seconds(15);
// For so long nothing may change after all agree.
constexpr absl::Duration kQuiet = absl::Seconds(5);

class Runner {
 public:
  explicit Runner(const Scenario& scenario)
      : scenario_(scenario),
        stage_(scenario),
        checker_(&stage_),
        began_(stage_.world().loop().Now()),
        next_check_(began_ + KubernetesChecker::kInterval) {}

  Outcome Run() {
    stage_.StartAll();
    PlayScript(
        scenario_.script,
        [this](absl::Duration at) {
          RunUntil(began_ + at);
          return !failed();
        },
        [this](const Fault& fault) {
          stage_.Begin(fault);
          checker_.AfterEvent();
        },
        [this](const Fault& fault) {
          stage_.End(fault);
          checker_.AfterEvent();
        });
    Heal();
    Outcome outcome = OutcomeOf(stage_.world(), began_, checker_.violation());
    outcome.healed_within = healed_within_;
    if (outcome.violation) outcome.log = Log();
    return outcome;
  }

 private:
  bool failed() const { return checker_.violation().has_value(); }
  absl::Time Now() { return stage_.world().loop().Now(); }

  void RunUntil(absl::Time end) {
    while (!failed() && Now() < end) {
      const absl::Time next = std::min(next_check_, end);
      stage_.world().loop().RunUntil(next);
      if (next < next_check_) break;
      next_check_ += KubernetesChecker::kInterval;
      checker_.OnInterval();
    }
  }

  void Heal() {
    if (failed()) return;
    stage_.Heal();
    RunUntil(stage_.joined_at() + kFoundAgain);
    // A store that has outgrown its old versions is seen by the next list only,
    // hours later, but by an lbd that starts; and addresses that it lost are
    // kept for a minute.
    if (stage_.restored()) {
      stage_.RestartAll();
      RunUntil(Now() + StatusWatch::kUnsure);
    }
    const absl::Time ended = Now();
    while (!failed()) {
      const auto why = checker_.WhyNotAgreed();
      if (!why) break;
      if (Now() >= ended + kHealed) checker_.Fail("agrees-after-healing", *why);
      RunUntil(Now() + KubernetesChecker::kInterval);
    }
    healed_within_ = Now() - ended;
    CheckQuiet();
  }

  // Once all agree nothing is written but the Lease.
  void CheckQuiet() {
    if (failed()) return;
    RunUntil(Now() + kQuiet);
    const uint64_t before = StatusVersion();
    RunUntil(Now() + kQuiet);
    if (failed()) return;
    if (StatusVersion() != before) {
      checker_.Fail("writes-nothing", "a Service or pool was written again");
    }
    const auto why = checker_.WhyNotAgreed();
    if (why) checker_.Fail("agrees-after-healing", *why);
  }

  // The latest version of a Service or a pool.
  uint64_t StatusVersion() {
    uint64_t latest = 0;
    for (const char* kind : {"Service", "IPAddressPool"}) {
      const auto& writes =
          stage_.server().store().Writes(SimKubernetes::ResourceOf(kind));
      if (!writes.empty()) latest = std::max(latest, writes.back().version);
    }
    return latest;
  }

  // Events, and the writes of all but events.
  std::string Log() {
    NodeLog log = checker_.log();
    for (const auto& lbd : stage_.lbds()) log.AddEventsOf(*lbd);
    const absl::Duration offset =
        stage_.world().loop().CivilNow() - stage_.world().loop().Now();
    for (const auto& request : stage_.server().log().requests()) {
      const bool is_told = request.is_write() &&
                           request.path.find("/events") == std::string::npos &&
                           request.path.find("/leases") == std::string::npos;
      if (!is_told) continue;
      log.Add(request.at + offset,
              fmt::format("{} {} {} {} {}", request.host, request.method,
                          request.path, request.code, request.body));
    }
    return log.ToString();
  }

  const Scenario& scenario_;
  KubernetesStage stage_;
  KubernetesChecker checker_;
  const absl::Time began_;
  absl::Time next_check_;
  absl::Duration healed_within_;
};

}  // namespace

Outcome RunKubernetes(const Scenario& scenario) {
  return Runner(scenario).Run();
}

}  // namespace lb::chaos
