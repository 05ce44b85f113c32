// Prints the tables of README.md: what a cluster costs and how fast it is at
// several sizes, and what each part of Lifeguard does against false alarms.
//
//   bazel run -c opt //lb/gossip:gossip_simulation [-- sizes|lifeguard]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/gossip/options.h"
#include "lb/gossip/testing/core_cluster.h"

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

// SWIM with suspicion, and what of Lifeguard is to be added to it.
GossipOptions SwimWith(const Parts& parts) {
  GossipOptions options = LanProfile();
  options.suspicion_mult = 5;
  options.stream_pings = false;
  // Ours, not Lifeguard's:
  options.forgive_lateness = false;
  options.dead_peer_retry_time = absl::ZeroDuration();
  if (!parts.probe) options.awareness_max_multiplier = 1;
  if (!parts.suspicion) options.suspicion_max_timeout_mult = 1;
  options.buddy_suspects = parts.buddy;
  return options;
}

CoreCluster::Counts Measure(const GossipOptions& gossip) {
  CoreCluster::Counts sum;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    CoreCluster cluster({.members = 100,
                         .gossip = gossip,
                         .seed = seed,
                         .loss_percent = 10,
                         .slow_members = 5,
                         .stop_max = absl::Seconds(12),
                         .run_max = absl::Seconds(4)});
    cluster.RunFor(absl::Seconds(30));
    cluster.Watch(-1);
    cluster.RunFor(absl::Minutes(10));
    sum.datagrams += cluster.counts().datagrams;
    sum.bytes += cluster.counts().bytes;
    sum.false_failures += cluster.counts().false_failures;
    sum.false_failures_at_healthy += cluster.counts().false_failures_at_healthy;
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
      "| parts | false | at healthy | datagrams | bytes |\n"
      "|---|---|---|---|---|\n");
  CoreCluster::Counts swim;
  const auto print = [&](const char* name, const CoreCluster::Counts& counts) {
    if (swim.datagrams == 0) swim = counts;
    fmt::print("| {} | {} | {} | {:.1f} % | {:.1f} % |\n", name,
               counts.false_failures, counts.false_failures_at_healthy,
               100.0 * static_cast<double>(counts.datagrams) /
                   static_cast<double>(swim.datagrams),
               100.0 * static_cast<double>(counts.bytes) /
                   static_cast<double>(swim.bytes));
  };
  for (const Parts& parts : kParts) print(parts.name, Measure(SwimWith(parts)));
  GossipOptions ours = SwimWith(kParts[4]);
  ours.forgive_lateness = true;
  print("and our forgiveness", Measure(ours));
}

}  // namespace
}  // namespace lb::gossip

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "sizes") lb::gossip::PrintSizes({100, 300, 1000});
  if (what == "10000") lb::gossip::PrintSizes({10000});
  if (what == "lifeguard") lb::gossip::PrintLifeguard();
  return 0;
}
