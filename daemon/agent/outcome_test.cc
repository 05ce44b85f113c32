#include "daemon/agent/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "daemon/agent/events.h"
#include "daemon/agent/history_recorder.h"
#include "daemon/agent/tally.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"

namespace lb {
namespace {

using testing::ElementsAre;

// What a service may have, and where: a few values, so that they come again.
struct World {
  AddressEntries entries;
  Placement placement;
  NodeHealth health;

  // Changes some services; returns these, and one that did not change.
  Outcome::Services Change(Prng& prng) {
    Outcome::Services changed = {"s0"};
    for (uint64_t i = prng.Uniform(4); i > 0; --i) {
      const std::string service = fmt::format("s{}", prng.Uniform(6));
      changed.insert(service);
      entries.erase(service);
      placement.erase(service);
      if (prng.Chance(20)) continue;
      auto& entry = entries[service];
      if (prng.Chance(70)) {
        entry.assignment.addresses = {
            {*net::ParseIpAddress(fmt::format("10.0.0.{}", prng.Uniform(3))),
             "p"}};
        auto& announcers = placement[service].announcers;
        announcers = {{.node = fmt::format("n{}", 1 + prng.Uniform(3))}};
        for (int node = 1; node <= 3; ++node) {
          if (prng.Chance(70)) continue;
          announcers.push_back({.protocol = election::Protocol::kBgp,
                                .node = fmt::format("n{}", node)});
        }
      } else {
        entry.reason = "none is free";
        entry.waiting = prng.Chance(50);
        entry.code = absl::StatusCode::kResourceExhausted;
      }
    }
    if (prng.Chance(10)) {
      health.covered = {fmt::format("pool {}", prng.Uniform(2))};
    }
    return changed;
  }
};

// All that subscribers make of outcomes, as text.
class Subscribers {
 public:
  explicit Subscribers(std::array<int, 3> order) {
    for (const int which : order) {
      switch (which) {
        case 0:
          outcomes_.Subscribe(
              [this](const Outcome& outcome) { events_.OnOutcome(outcome); });
          break;
        case 1:
          outcomes_.Subscribe(
              [this](const Outcome& outcome) { tally_.OnOutcome(outcome); });
          break;
        case 2:
          outcomes_.Subscribe(
              [this](const Outcome& outcome) { history_.OnOutcome(outcome); });
          break;
      }
    }
  }

  void Publish(const World& world, const Outcome::Services& changed) {
    io::SimLoop& loop = sim_.loop();
    loop.RunFor(absl::Seconds(1));
    outcomes_.Publish(loop.Now(), before_,
                      {world.entries, world.placement, world.health}, changed,
                      true);
    before_ = world.entries;
    history_.Record(loop.CivilNow(),
                    {.acts = true,
                     .has_manifests = true,
                     .entries = world.entries,
                     .placement = world.placement},
                    [] {
                      return HistoryRecorder::Names{"n1", "n2"};
                    });
  }

  std::string ToText() const {
    std::string text;
    for (const Event& event : host_->log().Since(0)) {
      text += fmt::format("{} {} {} {}\n", event.sequence, event.reason,
                          event.object.ToString(), event.message);
    }
    for (const auto& [service, nodes] : tally_.announced_since()) {
      for (const auto& [node, since] : nodes) {
        text += fmt::format("{} by {} since {}\n", service, node,
                            absl::FormatTime(since));
      }
    }
    for (const auto& [service, since] : tally_.unassigned_since()) {
      text += fmt::format("{} waits {}\n", service, absl::FormatTime(since));
    }
    for (const auto& [code, count] : tally_.allocation_failures()) {
      text += fmt::format("{} failures\n", count);
    }
    text += fmt::format("{} moves\n", tally_.election_changes());
    for (const auto& [number, entry] : history_.history().entries()) {
      text += fmt::format(
          "{} {} by {} from {} to {}: {}\n", entry.service,
          entry.address.ToString(), entry.node, absl::FormatTime(entry.from),
          absl::FormatTime(entry.to), static_cast<int>(entry.end));
    }
    return text;
  }
  size_t events() const { return host_->log().Since(0).size(); }
  size_t entries() const { return history_.history().entries().size(); }

 private:
  io::SimWorld sim_{/*seed=*/1};
  io::SimHost* const host_ = sim_.AddHost("n1", "10.1.0.1/24");
  Events events_{"n1", host_->environment()};
  Tally tally_{"n1", sim_.loop().Now()};
  HistoryRecorder history_{"n1", io::StatePorts::From(host_->environment())};
  AddressEntries before_;
  Outcomes outcomes_;
};

TEST(OutcomesTest, TheOrderOfSubscribersChangesNothing) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::array order = {0, 1, 2};
    std::string first;
    do {
      Prng prng(seed);
      World world;
      Subscribers subscribers(order);
      for (int i = 0; i < 50; ++i) {
        const auto changed = world.Change(prng);
        subscribers.Publish(world, changed);
      }
      ASSERT_GT(subscribers.events(), 20u);
      ASSERT_GT(subscribers.entries(), 20u);
      if (first.empty()) first = subscribers.ToText();
      ASSERT_EQ(subscribers.ToText(), first) << "seed " << seed;
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(OutcomesTest, SaysWhatWasBeforeAndWhatIs) {
  Outcomes outcomes;
  std::vector<std::string> seen;
  outcomes.Subscribe([&](const Outcome& outcome) {
    for (const std::string& service : outcome.changed) {
      const auto before = outcome.before.placement.find(service);
      const auto after = outcome.after.placement.find(service);
      seen.push_back(
          fmt::format("{}: {} to {}", service,
                      before == outcome.before.placement.end()
                          ? "-"
                          : election::NodesText(before->second.announcers),
                      after == outcome.after.placement.end()
                          ? "-"
                          : election::NodesText(after->second.announcers)));
    }
  });
  const AddressEntries none;
  const NodeHealth well;
  const absl::Time now = absl::UnixEpoch();
  Placement placement = {{"a", {.announcers = {{.node = "n1"}}}},
                         {"b", {.announcers = {{.node = "n2"}}}}};
  outcomes.Publish(now, none, {none, placement, well}, {"a", "b"}, true);
  placement = {{"b", {.announcers = {{.node = "n3"}}}}};
  outcomes.Publish(now, none, {none, placement, well}, {"a", "b"}, true);
  EXPECT_THAT(seen, ElementsAre("a: - to n1", "b: - to n2", "a: n1 to -",
                                "b: n2 to n3"));
}

TEST(OutcomesTest, TellsNobodyWhenNothingChanged) {
  Outcomes outcomes;
  int told = 0;
  outcomes.Subscribe([&](const Outcome&) { ++told; });
  const AddressEntries entries;
  const Placement placement;
  const NodeHealth well;
  const NodeHealth ill{.covered = {"pool p"}};
  outcomes.Publish(absl::UnixEpoch(), entries, {entries, placement, well}, {},
                   true);
  EXPECT_EQ(told, 0);
  outcomes.Publish(absl::UnixEpoch(), entries, {entries, placement, ill}, {},
                   true);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(outcomes.health(), ill);
  outcomes.Publish(absl::UnixEpoch(), entries, {entries, placement, ill}, {},
                   true);
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace lb
