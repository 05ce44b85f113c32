// How long a change of the watched addresses takes: the program is written, and
// exchanged in the kernel under an open port. All of it stops the loop.
//
//   bazel run -c opt //tests/netns:frame_filter_benchmark
//
// Needs root; works in a network namespace of its own. Exit status 77 where
// that is not permitted. Beside it: the same ranges as a pcap-filter(7)
// expression, compiled by libpcap.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/core.h"
#include "lb/announce/frame_filter.h"
#include "lb/base/check.h"
#include "lb/io/posix/pcap_frames.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/testing/test_links.h"
#include "lb/io/sim/frame_filter.h"
#include "lb/net/ip_address.h"

namespace lb::netns {
namespace {

using Addresses = absl::btree_set<net::IpAddress>;

constexpr int kTries = 21;

// The median time of a call, in microseconds.
double TimeOf(absl::FunctionRef<void()> call) {
  std::vector<absl::Duration> times;
  for (int n = 0; n < kTries; ++n) {
    const absl::Time start = absl::Now();
    call();
    times.push_back(absl::Now() - start);
  }
  std::sort(times.begin(), times.end());
  return absl::ToDoubleMicroseconds(times[kTries / 2]);
}

// Half of them of each family, `step` apart.
Addresses Draw(uint32_t count, uint32_t step) {
  Addresses addresses;
  for (uint32_t n = 0; n < count; ++n) {
    const uint32_t low = 0x0a000000 + n / 2 * step;
    addresses.insert(n % 2 == 0 ? net::IpAddress::Ipv4(low)
                                : net::IpAddress::Ipv6(absl::MakeUint128(
                                      0x20010db800000000, low)));
  }
  return addresses;
}

std::string Expression(uint32_t ranges) {
  std::string text;
  for (uint32_t n = 0; n < ranges; ++n) {
    const uint32_t first = 0x0a000000 + n * 100;
    text += fmt::format(
        "{}arp[24:4] >= {} and arp[24:4] <= {} or arp[14:4] >= {} and "
        "arp[14:4] <= {}",
        n == 0 ? "arp and (" : " or ", first, first + 9, first, first + 9);
  }
  return text + ")";
}

int Main() {
  if (!io::HaveNamespace()) {
    fmt::print("SKIPPED: no network namespace, want CAP_SYS_ADMIN\n");
    return 77;
  }
  auto links = io::TestLinks::Create();
  LB_CHECK(links.ok() && links->AddVethPair("va", "vb").ok());
  LB_CHECK(links->SetUp("vb", true).ok());
  io::PosixLoop loop;
  io::PcapFrames frames(&loop);
  const auto port = *frames.Open("vb", "arp");
  for (const uint32_t step : {1, 97}) {
    for (const uint32_t count : {1, 100, 1000, 10000}) {
      const Addresses watched = Draw(count, step);
      const double written = TimeOf([&] { announce::FilterFor(watched); });
      const double whole =
          TimeOf([&] { LB_CHECK(announce::Watch(*port, watched).ok()); });
      fmt::print(
          "{:6} addresses, {:6}: {:4} instructions, written in {:6.0f} us, "
          "with the exchange {:6.0f} us\n",
          count, step == 1 ? "dense" : "spread",
          announce::FilterFor(watched).size(), written, whole);
    }
  }
  for (const uint32_t ranges : {1, 16, 128, 256}) {
    const std::string text = Expression(ranges);
    const double compiled =
        TimeOf([&] { LB_CHECK(io::FrameFilter::Compile(text).ok()); });
    fmt::print("{:6} ranges as an expression, compiled in {:6.0f} us\n", ranges,
               compiled);
  }
  return 0;
}

}  // namespace
}  // namespace lb::netns

int main() { return lb::netns::Main(); }
