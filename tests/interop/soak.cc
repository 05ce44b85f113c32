// Soaks a cluster of real processes on loopback and prints the false alarms.
//
//   bazel run //tests/interop:soak -- [NODES [SECONDS]]     (10, 60)
//
// Nothing fails in it: whatever is reported as failed is a false alarm. One row
// for each profile, first on an idle machine, then beside busy loops, two for
// each processor. In a network namespace of its own if it is root.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "tests/interop/peer_process.h"

namespace lb::interop {
namespace {

// Processes that only compute, until the object is destroyed.
class BusyLoops {
 public:
  explicit BusyLoops(unsigned count) {
    for (unsigned n = 0; n < count; ++n) {
      const pid_t pid = fork();
      if (pid == 0) Spin();
      if (pid > 0) pids_.push_back(pid);
    }
  }
  BusyLoops(const BusyLoops&) = delete;
  BusyLoops& operator=(const BusyLoops&) = delete;
  ~BusyLoops() {
    for (const pid_t pid : pids_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

 private:
  [[noreturn]] static void Spin() {
    alarm(3600);  // Ends the child even if the parent is gone.
    volatile uint64_t n = 0;
    for (;;) n = n + 1;
  }

  std::vector<pid_t> pids_;
};

using Cluster = std::vector<std::unique_ptr<PeerProcess>>;

// The counts of all nodes since their start.
struct Totals {
  uint64_t suspicions = 0;
  uint64_t failures = 0;
  uint64_t datagrams = 0;
  uint64_t late = 0;
  absl::Duration cpu;

  friend Totals operator-(const Totals& a, const Totals& b) {
    return {a.suspicions - b.suspicions, a.failures - b.failures,
            a.datagrams - b.datagrams, a.late - b.late, a.cpu - b.cpu};
  }
};

Totals Count(const Cluster& cluster) {
  Totals sum;
  for (const auto& node : cluster) {
    unsigned long suspicions = 0, refutations = 0, failures = 0;
    unsigned long datagrams = 0, late = 0;
    if (std::sscanf(node->Ask("stats").c_str(), "%lu %lu %lu", &suspicions,
                    &refutations, &failures) != 3 ||
        std::sscanf(node->Ask("cost").c_str(), "%lu %lu", &datagrams, &late) !=
            2) {
      fmt::print(stderr, "a node does not answer\n");
      std::exit(1);
    }
    sum.suspicions += suspicions;
    sum.failures += failures;
    sum.datagrams += datagrams;
    sum.late += late;
    sum.cpu += node->CpuTime();
  }
  return sum;
}

Cluster StartCluster(int nodes, const std::string& profile) {
  Cluster cluster;
  for (int n = 1; n <= nodes; ++n) {
    cluster.push_back(std::make_unique<PeerProcess>(std::vector<std::string>{
        "tests/interop/peer", fmt::format("n{}", n),
        fmt::format("127.0.1.{}:7946", n), "-", "plain", profile}));
    if (n > 1) cluster.back()->Ask("join 127.0.1.1:7946");
  }
  absl::SleepFor(absl::Seconds(5));
  return cluster;
}

void Soak(int nodes, absl::Duration time, const std::string& profile,
          unsigned busy) {
  const Cluster cluster = StartCluster(nodes, profile);
  const BusyLoops loops(busy);
  const Totals before = Count(cluster);
  const absl::Time start = absl::Now();
  absl::SleepFor(time);
  const Totals counted = Count(cluster) - before;
  const double node_seconds =
      absl::ToDoubleSeconds(absl::Now() - start) * nodes;
  fmt::print("| {} | {} | {:.2f} | {} | {} | {} | {:.1f} | {:.3f} % |\n",
             profile, busy, node_seconds / 86400, counted.failures,
             counted.suspicions, counted.late,
             static_cast<double>(counted.datagrams) / node_seconds,
             100 * absl::ToDoubleSeconds(counted.cpu) / node_seconds);
  std::fflush(stdout);
}

void SoakAll(int nodes, absl::Duration time) {
  fmt::print(
      "{} nodes, {} each\n\n| profile | busy loops | node-days | false alarms "
      "| suspicions | run late | datagrams per second and node | CPU of a node "
      "|\n|---|---|---|---|---|---|---|---|\n",
      nodes, absl::FormatDuration(time));
  for (const unsigned busy : {0u, 2 * std::thread::hardware_concurrency()}) {
    for (const char* profile : {"fast", "turbo"}) {
      Soak(nodes, time, profile, busy);
    }
  }
}

}  // namespace
}  // namespace lb::interop

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 10;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
  if (nodes < 2 || nodes > 50 || seconds < 1 || seconds > 3000) {
    fmt::print(stderr, "soak [NODES (2..50) [SECONDS (1..3000)]]\n");
    return 2;
  }
  if (unshare(CLONE_NEWNET) == 0 && std::system("ip link set lo up") != 0) {
    fmt::print(stderr, "no loopback in the new namespace\n");
    return 1;
  }
  lb::interop::SoakAll(nodes, absl::Seconds(seconds));
  return 0;
}
