// Datagrams that a stranger plays back keep no dead member alive, but they do
// if the numbers of pings can be foreseen.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/net/endpoint.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/checker.h"
#include "tests/sim/chaos/departed.h"
#include "tests/sim/chaos/fault.h"
#include "tests/sim/chaos/run.h"
#include "tests/sim/chaos/scenario.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {
namespace {

// n1 starts again and n2 fails. For 20 s n1 is played the datagrams that it got
// in the life before.
constexpr char kStory[] =
    "30000:kill:1:0:100:0,36000:replay:1:1:20000:0,37000:crash:2:0:40000:0";

Scenario ScenarioOf(Defect defect) {
  Scenario scenario = {.seed = 1, .nodes = 2, .services = 2, .defect = defect};
  scenario.script = *ParseScript(kStory);
  return scenario;
}

// Returns for how many seconds after n2 has failed n1 takes it for alive.
int SecondsAlive(Defect defect) {
  const Scenario scenario = ScenarioOf(defect);
  Stage stage(scenario);
  const absl::Time began = stage.world().loop().Now();
  stage.StartAll();
  std::multimap<absl::Duration, std::pair<bool, Fault>> steps;
  for (const Fault& fault : scenario.script) {
    steps.emplace(fault.start, std::pair(true, fault));
    steps.emplace(fault.end(), std::pair(false, fault));
  }
  int seconds = 0;
  for (const auto& [at, step] : steps) {
    while (stage.world().loop().Now() < began + at) {
      const auto& n1 = stage.nodes()[0];
      const auto& n2 = stage.nodes()[1];
      stage.world().loop().RunUntil(
          std::min(stage.world().loop().Now() + absl::Seconds(1), began + at));
      if (n2->running() || !n1->running()) continue;
      const auto member = n1->agent->View().gossip().Find(n2->name);
      if (member && member->is_up() && member->verified) ++seconds;
    }
    step.first ? stage.Begin(step.second) : stage.End(step.second);
  }
  return seconds;
}

TEST(ReplayTest, OldAcksKeepNobodyAlive) {
  const Outcome outcome = RunScenario(ScenarioOf(Defect::kNone));
  EXPECT_FALSE(outcome.violation) << outcome.violation->what;
  EXPECT_LE(SecondsAlive(Defect::kNone), 1);
}

TEST(ReplayTest, WhereNumbersAreForeseenTheyDoForAsLongAsTheyArePlayed) {
  const Outcome outcome = RunScenario(ScenarioOf(Defect::kForeseenNumbers));
  ASSERT_TRUE(outcome.violation);
  EXPECT_EQ(outcome.violation->invariant, "declares-the-dead");
  EXPECT_NEAR(SecondsAlive(Defect::kForeseenNumbers), 19, 1);
}

TEST(ReplayTest, WhereNothingIsPlayedTheDefectHidesNobody) {
  Scenario scenario = ScenarioOf(Defect::kForeseenNumbers);
  std::erase_if(scenario.script, [](const Fault& fault) {
    return fault.kind == FaultKind::kReplay;
  });
  EXPECT_FALSE(RunScenario(scenario).violation);
}

// In the life before, the node's incarnations were higher.
TEST(ReplayTest, EachWordOfAnEarlierLifeGivesOneMoreTermAndOnce) {
  const Scenario scenario = {.seed = 1, .nodes = 2, .services = 1};
  const absl::Duration bound = BoundsOf(OptionsOf(scenario), 2).declared;
  std::vector<std::pair<absl::Time, std::vector<uint8_t>>> words;
  Stage stage(scenario);
  io::SimLoop& loop = stage.world().loop();
  stage.StartAll();
  loop.RunFor(absl::Seconds(20));
  Node& n1 = *stage.nodes()[0];
  Node& n2 = *stage.nodes()[1];
  stage.world().network().SetTap([&](const net::Endpoint& from,
                                     const net::Endpoint&,
                                     absl::Span<const uint8_t> bytes) {
    if (from != n2.host->endpoint()) return;
    words.emplace_back(loop.Now(),
                       std::vector<uint8_t>(bytes.begin(), bytes.end()));
  });
  for (int i = 0; i < 8; ++i) {  // Each is a new incarnation.
    ASSERT_TRUE(n2.agent->Drain().ok());
    loop.RunFor(absl::Milliseconds(250));
    ASSERT_TRUE(n2.agent->Undrain().ok());
    loop.RunFor(absl::Milliseconds(250));
  }
  stage.world().network().SetTap({});

  const Fault all = {.kind = FaultKind::kPowerCut, .node = 1};
  stage.Begin(all);
  stage.End(all);
  loop.RunFor(absl::Seconds(20));
  stage.Begin({.kind = FaultKind::kCrash, .node = 2});
  io::SimHost* const forger = stage.world().AddHost("forger", "172.20.9.9/16");
  Departed departed(bound, /*rounds=*/absl::ZeroDuration());
  const auto play = [&] {
    absl::Duration alive;
    const absl::Time began = loop.Now();
    for (const auto& [at, bytes] : words) {
      loop.ScheduleAt(began + (at - words[0].first), [&, bytes = bytes] {
        forger->SendAs(n2.host->endpoint(), n1.host->endpoint(), bytes);
      });
    }
    for (int i = 0; i < 100; ++i) {
      loop.RunFor(Checker::kInterval);
      EXPECT_EQ(departed.WhoLivesOn(stage), std::nullopt);
      const auto member = n1.agent->View().gossip().Find("n2");
      if (member->is_up() && member->verified) alive += Checker::kInterval;
    }
    return alive;
  };
  const absl::Duration first = play();
  EXPECT_GT(first, bound);
  EXPECT_LT(first, absl::Seconds(6));
  EXPECT_EQ(play(), absl::ZeroDuration());
}

}  // namespace
}  // namespace lb::chaos
