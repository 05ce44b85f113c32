// The agreement of 3, 7 and 50 agents on addresses, with drawn partitions,
// restarts with and without the state on disk, and services that nodes hear of
// in different orders. After healing all show the same. At no time is an
// address held twice, and a held address changes only after a conflict.
//
// 1,000 seeds in all; with AGREEMENT_SEEDS at least so many of each size:
//   bazel test --test_env=AGREEMENT_SEEDS=200 //tests/sim:agreement_test
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/ipam/assignment.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/bounds.h"
#include "tests/sim/chaos/checker.h"
#include "tests/sim/chaos/scenario.h"
#include "tests/sim/chaos/service_catalog.h"
#include "tests/sim/chaos/stage.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kStart = absl::Seconds(10);
constexpr absl::Duration kFaultTime = absl::Seconds(20);
constexpr absl::Duration kFaultMax = absl::Seconds(10);
// The time after agreement in which nothing may change.
constexpr absl::Duration kQuiet = absl::Seconds(3);
constexpr FaultKind kKinds[] = {
    FaultKind::kCutGossip,  FaultKind::kCutBoth,      FaultKind::kCrash,
    FaultKind::kKill,       FaultKind::kWipe,         FaultKind::kPowerCut,
    FaultKind::kAddService, FaultKind::kAddService,   FaultKind::kAddService,
    FaultKind::kAddService, FaultKind::kStaleManifest};

Fault DrawFault(int nodes, Prng& prng) {
  Fault fault;
  fault.kind = kKinds[prng.Uniform(std::size(kKinds))];
  fault.start =
      kStart +
      absl::Milliseconds(prng.Uniform(absl::ToInt64Milliseconds(kFaultTime)));
  fault.node = 1 + static_cast<int>(prng.Uniform(nodes));
  // State that no disk has is lost, so one node keeps its disk.
  if (fault.kind == FaultKind::kWipe && fault.node == 1) fault.node = 2;
  if (fault.kind == FaultKind::kAddService) return fault;
  fault.length = absl::Milliseconds(
      100 + prng.Uniform(absl::ToInt64Milliseconds(kFaultMax)));
  fault.amount =
      1 + static_cast<int>(prng.Uniform((1 << std::min(nodes, 20)) - 2));
  return fault;
}

Scenario DrawAgreement(uint64_t seed, int nodes) {
  Prng prng = Prng(seed).Fork("agreement");
  Scenario scenario = {.seed = seed, .nodes = nodes};
  scenario.services = 1 + static_cast<int>(prng.Uniform(6));
  for (uint64_t left = 8 + prng.Uniform(12); left > 0; --left) {
    scenario.script.push_back(DrawFault(nodes, prng));
  }
  std::stable_sort(
      scenario.script.begin(), scenario.script.end(),
      [](const Fault& a, const Fault& b) { return a.start < b.start; });
  return scenario;
}

// Remembers which service was seen to hold what: by node and service, the
// addresses that it showed last. A node that is down still holds what is on its
// disk.
class Witness {
 public:
  explicit Witness(Checker* checker) : checker_(checker) {}

  void Forget(const std::string& node) { held_[node].clear(); }

  void Look(const Stage& stage) {
    AddressBindings next = held_;
    for (const auto& node : stage.nodes()) {
      if (!node->acts()) continue;
      for (const auto& [service, entry] : node->agent->View().entries()) {
        if (entry.assignment.addresses.empty()) continue;
        for (const auto& assigned : entry.assignment.addresses) {
          holders_[assigned.address].insert(service);
        }
        next[node->name].insert_or_assign(service, entry.assignment);
      }
    }
    Judge(next);
    held_ = std::move(next);
  }

 private:
  using AddressBindings =
      std::map<std::string, std::map<std::string, ipam::Assignment>>;

  const ipam::Assignment* Held(const std::string& node,
                               const std::string& service) const {
    const auto services = held_.find(node);
    if (services == held_.end()) return nullptr;
    const auto found = services->second.find(service);
    return found == services->second.end() ? nullptr : &found->second;
  }

  void Judge(const AddressBindings& next) {
    for (const auto& [node, services] : next) {
      for (const auto& [service, now] : services) {
        const ipam::Assignment* before = Held(node, service);
        if (before == nullptr || *before == now) continue;
        if (IsContested(service, *before)) continue;
        if (IsAnothers(node, service, now, next)) continue;
        checker_->Fail("changes-by-conflict-only",
                       fmt::format("{}: {} had {}, has {}", node, service,
                                   before->ToString(), now.ToString()));
      }
    }
  }

  // True if another service had one of the addresses too.
  bool IsContested(const std::string& service,
                   const ipam::Assignment& assignment) const {
    for (const auto& assigned : assignment.addresses) {
      for (const std::string& holder : holders_.at(assigned.address)) {
        if (holder != service &&
            !ServiceCatalog::MayShareAddress(holder, service))
          return true;
      }
    }
    return false;
  }

  // True if two sides gave the service addresses, and this is the other side's.
  bool IsAnothers(const std::string& node, const std::string& service,
                  const ipam::Assignment& assignment,
                  const AddressBindings& next) const {
    for (const auto& [other, services] : next) {
      if (other == node) continue;
      const ipam::Assignment* before = Held(other, service);
      if (before != nullptr && *before == assignment) return true;
      const auto now = services.find(service);
      if (before == nullptr && now != services.end() &&
          now->second == assignment) {
        return true;
      }
    }
    return false;
  }

  Checker* const checker_;
  AddressBindings held_;
  std::map<net::IpAddress, std::set<std::string>> holders_;  // Ever seen.
};

// One scenario, which runs to agreement.
class Trial {
 public:
  explicit Trial(const Scenario& scenario)
      : scenario_(scenario),
        bounds_(BoundsOf(OptionsOf(scenario), scenario.nodes)),
        stage_(scenario),
        checker_(&stage_, bounds_),
        witness_(&checker_),
        began_(stage_.world().loop().Now()) {}

  std::optional<Violation> Run() {
    stage_.StartAll();
    std::multimap<absl::Duration, std::function<void()>> steps;
    for (const Fault& fault : scenario_.script) {
      steps.emplace(fault.start, [&] { Begin(fault); });
      steps.emplace(fault.end(), [&] { stage_.End(fault); });
    }
    for (const auto& [at, step] : steps) {
      RunUntil(began_ + at);
      step();
    }
    const absl::Time healed = stage_.world().loop().Now();
    // The last added service must have reached all nodes.
    do {
      RunFor(Checker::kInterval);
      if (!checker_.WhyNotAgreed()) break;
    } while (!checker_.violation() &&
             stage_.world().loop().Now() < healed + bounds_.rest);
    RunFor(kQuiet);
    if (const auto why = checker_.WhyNotAgreed()) {
      checker_.Fail("agrees-after-healing", *why);
    }
    return checker_.violation();
  }

 private:
  void Begin(const Fault& fault) {
    stage_.Begin(fault);
    if (fault.kind == FaultKind::kWipe) {
      witness_.Forget(fmt::format("n{}", fault.node));
    }
  }

  void RunUntil(absl::Time end) {
    io::SimLoop& loop = stage_.world().loop();
    while (!checker_.violation() && loop.Now() < end) {
      loop.RunUntil(std::min(next_look_, end));
      if (loop.Now() < next_look_) return;
      next_look_ += Checker::kInterval;
      checker_.OnInterval();
      witness_.Look(stage_);
    }
  }
  void RunFor(absl::Duration duration) {
    RunUntil(stage_.world().loop().Now() + duration);
  }

  const Scenario scenario_;
  const Bounds bounds_;
  Stage stage_;
  Checker checker_;
  Witness witness_;
  const absl::Time began_;
  absl::Time next_look_ = began_ + Checker::kInterval;
};

struct Size {
  int nodes;
  uint64_t seeds;  // At least.
};

class AgreementTest : public testing::TestWithParam<Size> {};

TEST_P(AgreementTest, AllShowTheSameAfterHealing) {
  uint64_t seeds = 0;
  const char* text = std::getenv("AGREEMENT_SEEDS");
  ASSERT_TRUE(text == nullptr || absl::SimpleAtoi(text, &seeds)) << text;
  seeds = std::max(seeds, GetParam().seeds);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Scenario scenario = DrawAgreement(seed, GetParam().nodes);
    const auto violation = Trial(scenario).Run();
    EXPECT_FALSE(violation)
        << violation->invariant << " at " << absl::FormatDuration(violation->at)
        << ": " << violation->what
        << "\nrun it again: " << ReplayCommand(scenario);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, AgreementTest,
                         testing::Values(Size{.nodes = 3, .seeds = 600},
                                         Size{.nodes = 7, .seeds = 380},
                                         Size{.nodes = 50, .seeds = 20}),
                         [](const auto& size) {
                           return fmt::format("Agents{}", size.param.nodes);
                         });

}  // namespace
}  // namespace lb::chaos
