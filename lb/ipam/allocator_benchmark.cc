// How long assignment takes, and that it does not grow with what is held.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/ipam/allocator.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

Pool MakePool(std::string name, const std::string& range) {
  return {.name = std::move(name), .ranges = {*net::ParseIpRange(range)}};
}

std::vector<ServiceRequest> MakeRequests(int64_t count) {
  std::vector<ServiceRequest> requests(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    requests[i].service = fmt::format("default/web-{:07}", i);
    requests[i].service_namespace = "default";
  }
  return requests;
}

void Fill(Allocator& allocator, const std::vector<ServiceRequest>& requests) {
  for (const ServiceRequest& request : requests) {
    LB_CHECK(allocator.Assign(request).ok());
  }
}

// A number of allocations in an empty /8.
void BM_Assign(benchmark::State& state) {
  const std::vector<ServiceRequest> requests = MakeRequests(state.range(0));
  for (auto _ : state) {
    Allocator allocator;
    LB_CHECK(allocator.SetPools({MakePool("a", "10.0.0.0/8")}).ok());
    Fill(allocator, requests);
    state.PauseTiming();
    benchmark::DoNotOptimize(allocator);
    allocator = Allocator();
    state.ResumeTiming();
  }
  state.counters["per_assignment"] =
      benchmark::Counter(static_cast<double>(state.range(0)),
                         benchmark::Counter::kIsIterationInvariantRate |
                             benchmark::Counter::kInvert);
}
BENCHMARK(BM_Assign)
    ->Arg(1 << 10)
    ->Arg(1 << 13)
    ->Arg(1 << 16)
    ->Arg(1 << 20)
    ->Unit(benchmark::kMillisecond);

// Every address of a /16.
void BM_FillSlash16(benchmark::State& state) {
  const std::vector<ServiceRequest> requests = MakeRequests(65536);
  for (auto _ : state) {
    Allocator allocator;
    LB_CHECK(allocator.SetPools({MakePool("a", "10.0.0.0/16")}).ok());
    Fill(allocator, requests);
  }
}
BENCHMARK(BM_FillSlash16)->Unit(benchmark::kMillisecond);

// A request that fails because one full pool (a /16) is all there is.
void BM_FailOnAFullPool(benchmark::State& state) {
  const std::vector<ServiceRequest> requests = MakeRequests(65537);
  Allocator allocator;
  LB_CHECK(allocator.SetPools({MakePool("a", "10.0.0.0/16")}).ok());
  for (size_t i = 0; i < 65536; ++i) {
    LB_CHECK(allocator.Assign(requests[i]).ok());
  }
  for (auto _ : state) {
    LB_CHECK(!allocator.Assign(requests.back()).ok());
  }
}
BENCHMARK(BM_FailOnAFullPool);

std::vector<Pool> TenThousandPools() {
  std::vector<Pool> pools;
  for (int i = 0; i < 10'000; ++i) {
    pools.push_back(MakePool(fmt::format("pool-{:05}", i),
                             fmt::format("10.{}.{}.0/30", i / 256, i % 256)));
  }
  return pools;
}

// 10,000 pools of four addresses: filling them all, per assignment.
void BM_FillTenThousandPools(benchmark::State& state) {
  const std::vector<ServiceRequest> requests = MakeRequests(40'000);
  for (auto _ : state) {
    Allocator allocator;
    LB_CHECK(allocator.SetPools(TenThousandPools()).ok());
    Fill(allocator, requests);
  }
}
BENCHMARK(BM_FillTenThousandPools)->Unit(benchmark::kMillisecond);

// A request that fails because all 10,000 pools are full.
void BM_FailOnTenThousandFullPools(benchmark::State& state) {
  const std::vector<ServiceRequest> requests = MakeRequests(40'001);
  Allocator allocator;
  LB_CHECK(allocator.SetPools(TenThousandPools()).ok());
  for (size_t i = 0; i < 40'000; ++i) {
    LB_CHECK(allocator.Assign(requests[i]).ok());
  }
  for (auto _ : state) {
    LB_CHECK(!allocator.Assign(requests.back()).ok());
  }
}
BENCHMARK(BM_FailOnTenThousandFullPools);

}  // namespace
}  // namespace lb::ipam
