// The cost of reading, merging and telling tenures. A full exchange of the
// gossip does so with all of them, and the receiver knows nearly all already.
#include <cstdint>
#include <string>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/election/tenure.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

// The tenures have 100 holders.
std::string Message(int64_t count) {
  TenureTable tenures("node-0");
  for (int64_t i = 0; i < 100; ++i) {
    TenureTable node(fmt::format("node-{:04}.rack-07", i));
    for (int64_t k = i; k < count; k += 100) {
      const auto address =
          net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(k));
      LB_CHECK(node.Claim(address, absl::FromUnixSeconds(1'700'000'000)).ok());
    }
    LB_CHECK(tenures.Merge(node.FullMessage()).ok());
  }
  return tenures.FullMessage();
}

void BM_SerializeTenures(benchmark::State& state) {
  TenureTable tenures("node-a");
  LB_CHECK(tenures.Merge(Message(state.range(0))).ok());
  for (auto _ : state) benchmark::DoNotOptimize(tenures.FullMessage());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SerializeTenures)->Arg(10'000);

void BM_MergeTenuresOfNews(benchmark::State& state) {
  const std::string message = Message(state.range(0));
  for (auto _ : state) {
    TenureTable tenures("node-a");
    LB_CHECK(tenures.Merge(message).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MergeTenuresOfNews)->Arg(10'000);

void BM_MergeKnownTenures(benchmark::State& state) {
  const std::string message = Message(state.range(0));
  TenureTable tenures("node-a");
  LB_CHECK(tenures.Merge(message).ok());
  for (auto _ : state) LB_CHECK(tenures.Merge(message).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MergeKnownTenures)->Arg(10'000);

}  // namespace
}  // namespace lb::election
