// How long assignment takes and what it holds in memory, and that neither grows
// with the size of the pools. README.md has the figures and their commands.
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/taken_addresses.h"
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

// In a /8 of which hosts have 20,000 addresses, half of them in a row.
void BM_AssignBesideTaken(benchmark::State& state) {
  Allocator allocator;
  LB_CHECK(allocator.SetPools({MakePool("a", "10.0.0.0/8")}).ok());
  TakenAddresses taken;
  const auto take = [&](uint32_t i) {
    taken[net::IpAddress::Ipv4((10u << 24) + i)] = "n1's own";
  };
  for (uint32_t i = 0; i < 10'000; ++i) take(i);
  for (uint32_t i = 0; i < 10'000; ++i) take(10'000 + 10 * i);
  allocator.SetTaken(std::move(taken));
  const ServiceRequest request = MakeRequests(1).front();
  for (auto _ : state) {
    LB_CHECK(allocator.Assign(request).ok());
    LB_CHECK(allocator.Release(request.service));
  }
}
BENCHMARK(BM_AssignBesideTaken);

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

// 10,000 pools, each open to a namespace of its own: a request of the last one.
void BM_OneOfTenThousandNamespaces(benchmark::State& state) {
  std::vector<Pool> pools = TenThousandPools();
  for (Pool& pool : pools) {
    pool.service_allocation.emplace().namespaces = {"of-" + pool.name};
  }
  Allocator allocator;
  LB_CHECK(allocator.SetPools(pools).ok());
  const ServiceRequest request = {.service = "of-pool-09999/web",
                                  .service_namespace = "of-pool-09999"};
  for (auto _ : state) {
    LB_CHECK(allocator.Assign(request).ok());
    LB_CHECK(allocator.Release(request.service));
  }
}
BENCHMARK(BM_OneOfTenThousandNamespaces);

// A service with a sharing key whose port is taken on 65,536 shared addresses.
void BM_NoneOfManySharedAddresses(benchmark::State& state) {
  std::vector<ServiceRequest> requests = MakeRequests(65537);
  for (ServiceRequest& request : requests) {
    request.sharing_key = "key";
    request.ports = {{Protocol::kTcp, 80}};
  }
  const ServiceRequest last = requests.back();
  requests.pop_back();
  Allocator allocator;
  LB_CHECK(allocator.SetPools({MakePool("a", "10.0.0.0/8")}).ok());
  Fill(allocator, requests);
  for (auto _ : state) {
    LB_CHECK(allocator.Assign(last).ok());
    LB_CHECK(allocator.Release(last.service));
  }
}
BENCHMARK(BM_NoneOfManySharedAddresses);

// Pages in use by this process, in bytes.
int64_t ResidentBytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// What the memory of the process grows by. Run alone: pages that an earlier
// benchmark left to the heap would not be counted.
void ReportGrowth(benchmark::State& state, int64_t before) {
  state.counters["MB"] =
      static_cast<double>(ResidentBytes() - before) / 1'000'000;
}

// One million held addresses; every `step`-th of the range.
void BM_MemoryOfAMillion(benchmark::State& state, const std::string& range,
                         uint32_t step) {
  for (auto _ : state) {
    const int64_t before = ResidentBytes();
    Allocator allocator;
    LB_CHECK(allocator.SetPools({MakePool("a", range)}).ok());
    const net::IpAddress first = net::ParseIpRange(range)->first;
    for (uint32_t i = 0; i < 1'000'000; ++i) {
      const absl::uint128 number = first.number() + i * step;
      const ServiceRequest request = {
          .service = fmt::format("default/web-{:07}", i),
          .service_namespace = "default"};
      LB_CHECK(allocator
                   .Hold(request,
                         {first.is_ipv4() ? net::IpAddress::Ipv4(
                                                static_cast<uint32_t>(number))
                                          : net::IpAddress::Ipv6(number)})
                   .ok());
    }
    ReportGrowth(state, before);
  }
}
BENCHMARK_CAPTURE(BM_MemoryOfAMillion, ipv4, "10.0.0.0/8", 1)->Iterations(1);
BENCHMARK_CAPTURE(BM_MemoryOfAMillion, ipv4_sparse, "10.0.0.0/8", 2)
    ->Iterations(1);
BENCHMARK_CAPTURE(BM_MemoryOfAMillion, ipv6, "2001:db8::/64", 1)->Iterations(1);
BENCHMARK_CAPTURE(BM_MemoryOfAMillion, ipv6_sparse, "2001:db8::/64", 2)
    ->Iterations(1);

// 10,000 allocators with an empty pool each: bytes per pool.
void BM_MemoryOfAnEmptyPool(benchmark::State& state, const std::string& range) {
  constexpr size_t kCount = 10'000;
  for (auto _ : state) {
    const int64_t before = ResidentBytes();
    std::vector<Allocator> allocators(kCount);
    for (Allocator& allocator : allocators) {
      LB_CHECK(allocator.SetPools({MakePool("a", range)}).ok());
    }
    state.counters["bytes"] =
        static_cast<double>(ResidentBytes() - before) / kCount;
  }
}
BENCHMARK_CAPTURE(BM_MemoryOfAnEmptyPool, slash30, "10.0.0.0/30")
    ->Iterations(1);
BENCHMARK_CAPTURE(BM_MemoryOfAnEmptyPool, slash8, "10.0.0.0/8")->Iterations(1);
BENCHMARK_CAPTURE(BM_MemoryOfAnEmptyPool, ipv6_slash64, "2001:db8::/64")
    ->Iterations(1);

}  // namespace
}  // namespace lb::ipam
