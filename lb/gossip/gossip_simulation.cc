// Prints the tables of README.md.
//
//   bazel run //lb/gossip:gossip_simulation -- WHAT
//
//   sizes      cost and speed of a cluster of 100, 300, 1000  (15 s)
//   5000       of 5000                            (20 minutes, 10 GB)
//   lifeguard  each part of it against false alarms      (6 minutes)
//   alarms     false alarms of the fast profiles         (6 minutes)
//   starts     until nodes that start together know each other (5 minutes)
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/gossip/options.h"
#include "lb/gossip/testing/core_cluster.h"
#include "lb/gossip/testing/starting_cluster.h"

namespace lb::gossip {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

void PrintSize(int members) {
  const auto start = std::chrono::steady_clock::now();
  CoreCluster cluster({.members = members});
  cluster.RunFor(absl::Seconds(30));
  cluster.Watch(-1);
  cluster.RunFor(absl::Seconds(10));
  const CoreCluster::Counts idle = cluster.counts();
  const int victim = members / 2;
  cluster.Watch(victim);
  cluster.Crash(victim);
  const absl::Time crash = cluster.now();
  cluster.RunFor(absl::Seconds(20));
  std::vector<absl::Time> reports = cluster.reports();
  reports.erase(reports.begin() + victim);
  std::sort(reports.begin(), reports.end());
  const auto after = [&](size_t n) {
    return absl::ToDoubleSeconds(reports[n] - crash);
  };
  const double per_second = 10.0 * members;
  fmt::print(
      "| {} | {:.2f} s | {:.2f} s | {:.2f} s | {:.2f} | {:.0f} | {:.1f} s |\n",
      members, after(0), after(reports.size() * 99 / 100),
      after(reports.size() - 1),
      static_cast<double>(idle.datagrams) / per_second,
      static_cast<double>(idle.bytes) / per_second, SecondsSince(start));
}

void PrintSizes(const std::vector<int>& sizes) {
  fmt::print(
      "| members | first knows | 99 % know | all know | datagrams | bytes | 60 "
      "s "
      "took |\n|---|---|---|---|---|---|---|\n");
  for (const int members : sizes) PrintSize(members);
}

struct Parts {
  const char* name;
  bool probe;
  bool suspicion;
  bool buddy;
};

// SWIM with suspicion, and what of Lifeguard is to be added to it. Five, eight
// and six are the paper's values.
GossipOptions SwimWith(const Parts& parts) {
  GossipOptions options = PlainSwim();
  options.suspicion.mult = 5;
  if (parts.probe) options.probe.awareness_max_multiplier = 8;
  if (parts.suspicion) options.suspicion.max_timeout_mult = 6;
  options.probe.buddy_suspects = parts.buddy;
  return options;
}

CoreCluster::Counts Measure(const GossipOptions& gossip) {
  CoreCluster::Counts sum;
  for (uint64_t seed = 1; seed <= 32; ++seed) {
    CoreCluster cluster({.members = 100,
                         .gossip = gossip,
                         .seed = seed,
                         .loss_percent = 10,
                         .slow_members = 5,
                         .block_max = absl::Seconds(12),
                         .run_max = absl::Seconds(4)});
    cluster.RunFor(absl::Seconds(30));
    cluster.Watch(-1);
    cluster.RunFor(absl::Minutes(10));
    const CoreCluster::Counts& counts = cluster.counts();
    sum.datagrams += counts.datagrams;
    sum.bytes += counts.bytes;
    sum.false_failures += counts.false_failures;
    sum.false_failures_at_healthy += counts.false_failures_at_healthy;
    sum.false_verdicts_at_healthy += counts.false_verdicts_at_healthy;
  }
  return sum;
}

void PrintLifeguard() {
  constexpr Parts kParts[] = {
      {"SWIM", false, false, false},         {"LHA-Probe", true, false, false},
      {"LHA-Suspicion", false, true, false}, {"Buddy", false, false, true},
      {"Lifeguard (all)", true, true, true},
  };
  fmt::print(
      "| parts | false | at healthy | verdicts | datagrams | bytes |\n"
      "|---|---|---|---|---|---|\n");
  CoreCluster::Counts swim;
  const auto print = [&](const char* name, const GossipOptions& options) {
    const CoreCluster::Counts counts = Measure(options);
    if (swim.datagrams == 0) swim = counts;
    fmt::print("| {} | {} | {} | {} | {:.1f} % | {:.1f} % |\n", name,
               counts.false_failures, counts.false_failures_at_healthy,
               counts.false_verdicts_at_healthy,
               100.0 * static_cast<double>(counts.datagrams) /
                   static_cast<double>(swim.datagrams),
               100.0 * static_cast<double>(counts.bytes) /
                   static_cast<double>(swim.bytes));
    std::fflush(stdout);
  };
  for (const Parts& parts : kParts) print(parts.name, SwimWith(parts));
  GossipOptions ours = SwimWith(kParts[4]);
  ours.dissemination.direct_answers = true;
  print("and direct answers", ours);
  ours.probe.forgive_lateness = true;
  print("and lateness forgiven (default)", ours);
}

// Failures reported of living members, by profile, size and loss.
void PrintAlarms() {
  constexpr int kHours = 24;
  fmt::print(
      "| profile | nodes | loss | node-days | false alarms | per node-day "
      "|\n|---|---|---|---|---|---|\n");
  for (const char* profile : {"fast", "turbo"}) {
    for (const int members : {3, 5, 10}) {
      for (const double loss : {0.0, 1.0, 2.0, 5.0}) {
        const bool fast = std::string_view(profile) == "fast";
        CoreCluster cluster({.members = members,
                             .gossip = fast ? FastProfile() : TurboProfile(),
                             .loss_percent = loss});
        cluster.RunFor(absl::Seconds(10));
        cluster.Watch(-1);
        cluster.RunFor(absl::Hours(kHours));
        const double node_days = members * kHours / 24.0;
        const auto alarms = cluster.counts().false_failures;
        fmt::print("| {} | {} | {} % | {} | {} | {:.2f} |\n", profile, members,
                   loss, node_days, alarms,
                   static_cast<double>(alarms) / node_days);
        std::fflush(stdout);
      }
    }
  }
}

// Median and worst of 200 seeds, all joining the first.
void PrintStarts() {
  constexpr uint64_t kSeeds = 200;
  const auto text = [](const std::vector<absl::Duration>& times) {
    const StartingTimes summary = Summarize(times);
    return fmt::format("{:.3f} s, {:.3f} s",
                       absl::ToDoubleSeconds(summary.median),
                       absl::ToDoubleSeconds(summary.worst));
  };
  fmt::print(
      "| profile | nodes | ours | by memberlist's rules |\n"
      "|---|---|---|---|\n");
  for (const auto& [name, gossip] : Profiles()) {
    for (const int nodes : {5, 10, 20, 50}) {
      std::vector<absl::Duration> ours;
      std::vector<absl::Duration> theirs;
      for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const StartingClusterOptions options = {
            .nodes = nodes, .gossip = gossip, .seed = seed};
        ours.push_back(TimeUntilAllVerifiedAll(options, absl::Minutes(2)));
        theirs.push_back(
            MemberlistTimeUntilAllKnowAll(options, absl::Minutes(2)));
      }
      fmt::print("| {} | {} | {} | {} |\n", name, nodes, text(ours),
                 text(theirs));
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace lb::gossip

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == "sizes") {
    lb::gossip::PrintSizes({100, 300, 1000});
  } else if (what == "5000") {
    lb::gossip::PrintSizes({5000});
  } else if (what == "lifeguard") {
    lb::gossip::PrintLifeguard();
  } else if (what == "alarms") {
    lb::gossip::PrintAlarms();
  } else if (what == "starts") {
    lb::gossip::PrintStarts();
  } else {
    fmt::print(stderr,
               "gossip_simulation sizes|5000|lifeguard|alarms|starts\n");
    return 2;
  }
  return 0;
}
