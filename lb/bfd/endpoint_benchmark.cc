// What sessions cost the core: packets in and out of an endpoint, per simulated
// second. README.md has the command.
#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bfd/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::bfd {
namespace {

// Two endpoints that hear each other without loss or delay.
class Pair {
 public:
  Pair(uint32_t sessions, absl::Duration interval) {
    const SessionOptions options = {.desired_min_tx = interval,
                                    .required_min_rx = interval};
    Endpoint::Sessions to_b;
    Endpoint::Sessions to_a;
    for (uint32_t i = 0; i < sessions; ++i) {
      to_b[{.remote = B(i)}] = options;
      to_a[{.remote = A(i)}] = options;
    }
    LB_CHECK(a_.SetSessions(now_, to_b).ok());
    LB_CHECK(b_.SetSessions(now_, to_a).ok());
    RunFor(absl::Seconds(5));
    for (const auto& [key, status] : a_.Statuses()) {
      LB_CHECK(status.state == State::kUp);
    }
  }

  void RunFor(absl::Duration time) {
    const absl::Time end = now_ + time;
    for (;;) {
      Carry(a_, b_);
      Carry(b_, a_);
      const absl::Time next = std::min(a_.NextDeadline(), b_.NextDeadline());
      if (next > end) break;
      now_ = next;
      a_.OnTimer(now_);
      b_.OnTimer(now_);
    }
    now_ = end;
  }

 private:
  static net::IpAddress A(uint32_t i) {
    return net::IpAddress::Ipv4(0x0a000001 + i);
  }
  static net::IpAddress B(uint32_t i) {
    return net::IpAddress::Ipv4(0x0a010001 + i);
  }

  // A packet to B(i) comes from A(i), and the reverse.
  void Carry(Endpoint& from, Endpoint& to) {
    for (const OutgoingPacket& packet : from.TakeOutgoing()) {
      const auto remote = static_cast<uint32_t>(packet.key.remote.number());
      const net::IpAddress source = net::IpAddress::Ipv4(remote ^ 0x10000);
      to.OnDatagram(now_, {.way = {.from = source, .to = packet.key.remote},
                           .ttl = 255,
                           .arrived = now_,
                           .payload = packet.bytes});
    }
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  Endpoint a_{Prng(1)};
  Endpoint b_{Prng(2)};
};

// A second of both ends, by the sessions and their interval in ms. At 50 ms
// about 23 packets of each session at each end, at 300 ms about 4.
void BM_OneSecond(benchmark::State& state) {
  Pair pair(static_cast<uint32_t>(state.range(0)),
            absl::Milliseconds(state.range(1)));
  for (auto _ : state) pair.RunFor(absl::Seconds(1));
}
BENCHMARK(BM_OneSecond)
    ->ArgsProduct({{1, 16, 256}, {50, 300}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lb::bfd
