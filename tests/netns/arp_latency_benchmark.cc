// Measures how fast questions are answered, by ARP and by NDP: by the kernel
// itself, by a bare loop on a packet socket, and by lb/announce, in one run.
//
//   bazel run -c opt //tests/netns:arp_latency_benchmark [ROUNDS]
//
// Needs root; makes a network namespace of its own with a veth pair in it, and
// is done in about a minute. The variants take turns in short rounds, so that
// other work of the machine affects all of them alike. Prints the wanted
// figures beside the measured ones; exit status 77 where namespaces are not
// permitted.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "fmt/core.h"
#include "lb/base/check.h"
#include "lb/io/posix/netlink_links.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/testing/test_links.h"
#include "tests/netns/request_meter.h"
#include "tests/netns/responders.h"

namespace lb::netns {
namespace {

using MakeResponder = absl::FunctionRef<std::unique_ptr<Responder>()>;

constexpr int kIdleRequests = 50;
constexpr absl::Duration kIdleGap = absl::Milliseconds(1);
constexpr int kLoadRequests = 2000;
constexpr int kLoadRate = 20000;
constexpr int kFloodRate = 50000;
constexpr absl::Duration kFloodTime = absl::Seconds(3);
constexpr uint32_t kFloodTargets = 1000;
constexpr int kUnpacedRate = 10'000'000;  // More than can be sent.

double Microseconds(absl::Duration time) {
  return absl::ToDoubleMicroseconds(time);
}

// Returns the second interface, once it can be used for both families.
absl::StatusOr<io::Link> SetUpLinks(io::TestLinks& links) {
  for (const char* name : {"lo", "va", kResponderInterface}) {
    // Addresses are to be had at once.
    std::ofstream("/proc/sys/net/ipv6/conf/" + std::string(name) +
                  "/accept_dad")
        << 0;
    const absl::Status status = links.SetUp(name, true);
    if (!status.ok()) return status;
  }
  io::PosixLoop loop;
  const auto monitor = io::NetlinkLinks::Create(&loop);
  if (!monitor.ok()) return monitor.status();
  io::Link found;
  const bool usable = loop.RunUntil(
      [&] {
        for (const io::Link& link : (*monitor)->Links()) {
          if (link.name == kResponderInterface) found = link;
        }
        return found.carrier && !found.addresses.empty();
      },
      absl::Seconds(5));
  if (usable) return found;
  return absl::UnavailableError("vb: no carrier or no link-local address");
}

class Benchmark {
 public:
  Benchmark(const net::MacAddress& mac, int rounds)
      : mac_(mac), rounds_(rounds) {}

  void MeasureLatency(net::IpFamily family);
  void MeasureThroughput();
  void MeasureKernelShare();

 private:
  struct Variant {
    std::string name;
    Timing idle;
    Timing loaded;
  };

  void Round(MakeResponder make, const net::IpAddress& target,
             RequestMeter& meter, Variant& variant);
  void Print(const char* what, Timing Variant::*timing) const;
  void PrintFlood(const char* name, const Throughput& flood,
                  absl::Duration cpu) const;
  void Flood(const char* name, const Addresses& targets, RequestMeter& meter,
             MakeResponder make);

  const net::MacAddress mac_;
  const int rounds_;
  // (a) to (d) of the requirement.
  std::vector<Variant> variants_;
};

void Benchmark::Round(MakeResponder make, const net::IpAddress& target,
                      RequestMeter& meter, Variant& variant) {
  const auto responder = make();
  meter.AskOneByOne(target, 5, kIdleGap);  // Caches and neighbours.
  variant.idle.Add(meter.AskOneByOne(target, kIdleRequests, kIdleGap));
  variant.loaded.Add(meter.AskAtRate(target, kLoadRequests, kLoadRate));
}

void Benchmark::MeasureLatency(net::IpFamily family) {
  const bool is_arp = family == net::IpFamily::kIpv4;
  const net::IpAddress target =
      *net::ParseIpAddress(is_arp ? "10.77.0.1" : "2001:db8:77::1");
  auto meter = *RequestMeter::Create("va", family);
  variants_ = {
      {"kernel"}, {"bare loop"}, {"lb/announce"}, {"lb/announce, busy"}};
  for (int round = 0; round < rounds_; ++round) {
    Round([&] { return std::make_unique<KernelResponder>(Addresses{target}); },
          target, meter, variants_[0]);
    Round([&] { return std::make_unique<BareResponder>(target, mac_); }, target,
          meter, variants_[1]);
    const auto announce = [&](absl::Duration busy_poll) {
      return [=] {
        return std::make_unique<AnnounceResponder>(
            Addresses{target}, AnnounceOptions{.busy_poll = busy_poll});
      };
    };
    Round(announce(absl::ZeroDuration()), target, meter, variants_[2]);
    Round(announce(absl::InfiniteDuration()), target, meter, variants_[3]);
  }
  const char* const protocol = is_arp ? "ARP" : "NDP";
  fmt::print(
      "\n{}: request to answer, {} rounds of {} requests 1 ms apart "
      "(idle)\nand {} at {}/s (load)\n",
      protocol, rounds_, kIdleRequests, kLoadRequests, kLoadRate);
  Print("idle", &Variant::idle);
  Print("load", &Variant::loaded);
}

void Benchmark::Print(const char* what, Timing Variant::*timing) const {
  std::vector<absl::Duration> medians;
  for (const Variant& variant : variants_) {
    const Timing& seen = variant.*timing;
    medians.push_back(seen.Percentile(50));
    fmt::print("  {:5} {:18} p50 {:6.1f} us  p99 {:7.1f} us  unanswered {}\n",
               what, variant.name, Microseconds(medians.back()),
               Microseconds(seen.Percentile(99)), seen.unanswered);
  }
  const auto ratio = [&](size_t of, size_t to, double wanted) {
    const double seen = absl::FDivDuration(medians[of], medians[to]);
    fmt::print("  {:5} {} / {} = {:.2f}, want at most {:.2f}: {}\n", what,
               variants_[of].name, variants_[to].name, seen, wanted,
               seen <= wanted ? "ok" : "MISSED");
  };
  ratio(2, 1, 1.15);
  ratio(3, 0, 2.5);
}

void Benchmark::Flood(const char* name, const Addresses& targets,
                      RequestMeter& meter, MakeResponder make) {
  const auto responder = make();
  const std::vector<net::IpAddress> all(targets.begin(), targets.end());
  const absl::Duration before = responder->CpuTime();
  const Throughput flood = meter.Flood(all, kFloodRate, kFloodTime);
  PrintFlood(name, flood, responder->CpuTime() - before);
}

void Benchmark::PrintFlood(const char* name, const Throughput& flood,
                           absl::Duration cpu) const {
  fmt::print(
      "  {:34} sent {} ({:.0f}/s) answered {} (unread {}) "
      "processor {:.1f} %\n",
      name, flood.sent,
      static_cast<double>(flood.sent) / absl::ToDoubleSeconds(flood.time),
      flood.answered, flood.unread, 100 * absl::FDivDuration(cpu, flood.time));
}

void Benchmark::MeasureThroughput() {
  Addresses ours;
  Addresses others;
  for (uint32_t n = 0; n < kFloodTargets; ++n) {
    ours.insert(net::IpAddress::Ipv4(0x0a4d0001 + n));
    others.insert(net::IpAddress::Ipv4(0x0a4e0001 + n));
  }
  auto meter = *RequestMeter::Create("va", net::IpFamily::kIpv4);
  fmt::print("\nARP requests for {} addresses at {}/s for {}\n", kFloodTargets,
             kFloodRate, absl::FormatDuration(kFloodTime));
  const auto announce = [&](bool kernel_filter) {
    return [&ours, kernel_filter] {
      return std::make_unique<AnnounceResponder>(
          ours, AnnounceOptions{.kernel_filter = kernel_filter});
    };
  };
  Flood("kernel", ours, meter,
        [&] { return std::make_unique<KernelResponder>(ours); });
  Flood("lb/announce", ours, meter, announce(true));
  Flood("unrelated, filter by address", others, meter, announce(true));
  Flood("unrelated, filter by protocol only", others, meter, announce(false));
}

// Measures the kernel's work for a frame that the filter drops. No thread of
// ours is charged with it, so this measures how much longer its sender takes.
void Benchmark::MeasureKernelShare() {
  const std::vector<net::IpAddress> others = {net::IpAddress::Ipv4(0x0a4e0001)};
  auto meter = *RequestMeter::Create("va", net::IpFamily::kIpv4);
  const auto cost = [&](MakeResponder make) {
    const auto responder = make();
    absl::Duration best = absl::InfiniteDuration();
    for (int n = 0; n < rounds_; ++n) {
      const Throughput flood =
          meter.Flood(others, kUnpacedRate, absl::Milliseconds(1));
      best = std::min(best, flood.time / static_cast<int64_t>(flood.sent));
    }
    return best;
  };
  Addresses spread;
  for (uint32_t n = 0; n < kFloodTargets; ++n) {
    spread.insert(net::IpAddress::Ipv4(0x0a4d0001 + 97 * n));
  }
  const absl::Duration nobody =
      cost([] { return std::make_unique<KernelResponder>(Addresses()); });
  const absl::Duration filtered = cost([&] {
    return std::make_unique<AnnounceResponder>(spread, AnnounceOptions());
  });
  fmt::print(
      "\nAn unrelated frame takes its sender {:.0f} ns if nobody listens, "
      "{:.0f} ns with\nthe filter of {} spread addresses: {:.1f} % of a "
      "processor at {}/s\n",
      absl::ToDoubleNanoseconds(nobody), absl::ToDoubleNanoseconds(filtered),
      spread.size(),
      100 * kFloodRate * absl::ToDoubleSeconds(filtered - nobody), kFloodRate);
}

int Main(int rounds) {
  if (!io::HaveNamespace()) {
    fmt::print("SKIPPED: no network namespace, want CAP_SYS_ADMIN\n");
    return 77;
  }
  auto links = io::TestLinks::Create();
  LB_CHECK(links.ok() && links->AddVethPair("va", kResponderInterface).ok());
  const auto vb = SetUpLinks(*links);
  if (!vb.ok()) {
    fmt::print(stderr, "arp_latency_benchmark: {}\n",
               std::string(vb.status().message()));
    return 1;
  }
  PinTo(0);
  fmt::print("{} processors{}\n", std::thread::hardware_concurrency(),
             std::thread::hardware_concurrency() < 2
                 ? ": asker and answerer share one, so the figures mean little"
                 : "");
  Benchmark benchmark(vb->mac, rounds);
  benchmark.MeasureLatency(net::IpFamily::kIpv4);
  benchmark.MeasureLatency(net::IpFamily::kIpv6);
  benchmark.MeasureThroughput();
  benchmark.MeasureKernelShare();
  return 0;
}

}  // namespace
}  // namespace lb::netns

int main(int argc, char** argv) {
  return lb::netns::Main(argc > 1 ? std::atoi(argv[1]) : 20);
}
