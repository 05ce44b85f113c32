#include "tests/sim/chaos/bgp/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "tests/sim/chaos/bgp/bounds.h"
#include "tests/sim/chaos/bgp/checker.h"
#include "tests/sim/chaos/bgp/node_checks.h"
#include "tests/sim/chaos/bgp/stage.h"
#include "tests/sim/chaos/node_log.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(3);

class Runner {
 public:
  explicit Runner(const Scenario& scenario)
      : scenario_(scenario),
        bounds_(BgpBoundsOf(scenario)),
        stage_(scenario),
        checker_(&stage_, bounds_),
        began_(stage_.Now()),
        next_check_(began_ + BgpChecker::kInterval) {}

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
          checker_.OnInterval();
        },
        [this](const Fault& fault) {
          stage_.End(fault);
          checker_.OnInterval();
        });
    Heal();
    Outcome outcome = OutcomeOf(stage_.world(), began_, checker_.violation());
    outcome.healed_within = healed_within_;
    if (outcome.violation) outcome.log = Log();
    return outcome;
  }

 private:
  bool failed() const { return checker_.violation().has_value(); }

  void RunUntil(absl::Time end) {
    while (!failed() && stage_.Now() < end) {
      const absl::Time next = std::min(next_check_, end);
      stage_.world().loop().RunUntil(next);
      if (next < next_check_) break;
      next_check_ += BgpChecker::kInterval;
      checker_.OnInterval();
    }
  }

  void Expect(const std::string& invariant,
              const std::optional<std::string>& why) {
    if (why) checker_.Fail(invariant, *why);
  }

  void Heal() {
    const absl::Time ended = stage_.Now();
    while (!failed() && checker_.WhyNotAgreed() &&
           stage_.Now() < ended + bounds_.rest) {
      RunUntil(stage_.Now() + BgpChecker::kInterval);
    }
    healed_within_ = stage_.Now() - ended;
    Expect("agrees-after-healing", checker_.WhyNotAgreed());
    // A member's last word may come with a full exchange.
    RunUntil(ended + bounds_.rest);
    if (failed()) return;
    Expect("agrees-after-healing", checker_.WhyNotAgreed());
    Expect("delivered-after-healing", WhyNotDelivered(stage_));
    CheckNothingIsPlanned();
  }

  // Events of the nodes, and messages to routers but for keepalives.
  std::vector<uint64_t> Marks() {
    std::vector<uint64_t> marks;
    for (const auto& node : stage_.nodes()) {
      marks.push_back(node->host->log().last_sequence());
      for (int i = 0; i < kRouters; ++i) {
        const bgp::SimRouter& session = stage_.router(i).session(node->number);
        for (const int type : {1, 2, 3, 5}) {
          marks.push_back(static_cast<uint64_t>(session.heard(type)));
        }
      }
    }
    return marks;
  }

  void CheckNothingIsPlanned() {
    if (failed()) return;
    const auto before = Marks();
    stage_.ReadAgain();
    RunUntil(stage_.Now() + kQuiet);
    if (failed() || Marks() == before) return;
    checker_.Fail("plans-nothing",
                  "events or messages after the same manifests");
  }

  std::string Log() {
    NodeLog log;
    const absl::Duration offset =
        stage_.world().loop().CivilNow() - stage_.Now();
    for (const auto& node : stage_.nodes()) log.AddEventsOf(*node);
    log.Add(checker_.violation()->at + began_ + offset, "the violation");
    for (int i = 0; i < kRouters; ++i) {
      if (!stage_.router(i).running()) continue;
      for (const auto& node : stage_.nodes()) {
        std::string ends;
        for (const std::string& end :
             stage_.router(i).session(node->number).ends()) {
          ends += end + "; ";
        }
        log.Add(stage_.Now() + offset, fmt::format("r{}, sessions with {}: {}",
                                                   i + 1, node->name, ends));
      }
    }
    return log.ToString();
  }

  const Scenario& scenario_;
  const BgpBounds bounds_;
  BgpStage stage_;
  BgpChecker checker_;
  const absl::Time began_;
  absl::Time next_check_;
  absl::Duration healed_within_;
};

}  // namespace

Outcome RunBgp(const Scenario& scenario) { return Runner(scenario).Run(); }

}  // namespace lb::chaos
