// What it costs to tell a peer many routes, and to tell it one change.
// README.md has the figures and their command.
#include <malloc.h>

#include <cstdint>

#include "benchmark/benchmark.h"
#include "lb/base/check.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/packer.h"
#include "lb/bgp/route.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

using net::IpAddress;

constexpr size_t kRoom = size_t{64} * 1024;

net::IpPrefix HostRoute(int64_t number) {
  return {IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(number)), 32};
}

// Eight sets of attributes.
RouteSet MakeRoutes(int64_t count) {
  RouteSet routes;
  for (int64_t i = 0; i < count; ++i) {
    PathAttributes attributes;
    attributes.communities = {{static_cast<uint32_t>(i * 8 / count)}};
    LB_CHECK(routes.Set({HostRoute(i), attributes}).ok());
  }
  return routes;
}

SessionTerms Terms() {
  SessionTerms terms;
  terms.context.own_as = {64512};
  terms.context.next_hops.ipv4 = {{.address = IpAddress::Ipv4(0xc0000201)}};
  terms.families = {.ipv4 = true};
  return terms;
}

// As a session does that may be 64 KiB ahead of its peer. Returns the messages.
size_t TellAll(Packer& packer) {
  size_t messages = 0;
  while (!packer.idle()) {
    const Packer::Packed packed = packer.Take(kRoom);
    benchmark::DoNotOptimize(packed.bytes.data());
    messages += packed.messages();
  }
  return messages;
}

// A session that becomes established: the first table.
void BM_FirstTable(benchmark::State& state) {
  const RouteSet routes = MakeRoutes(state.range(0));
  size_t messages = 0;
  size_t heap = 0;
  for (auto _ : state) {
    const size_t before = mallinfo2().uordblks;
    AdjRibOut rib;
    Packer packer(&rib);
    rib.Replace(routes);
    packer.Start(Terms());
    messages = TellAll(packer);
    heap = mallinfo2().uordblks - before;
  }
  state.counters["messages"] = static_cast<double>(messages);
  state.counters["bytes/route"] =
      static_cast<double>(heap) / static_cast<double>(state.range(0));
}
BENCHMARK(BM_FirstTable)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000)
    ->Unit(benchmark::kMillisecond);

// One route of many changes.
void BM_OneChange(benchmark::State& state) {
  AdjRibOut rib;
  Packer packer(&rib);
  rib.Replace(MakeRoutes(state.range(0)));
  packer.Start(Terms());
  TellAll(packer);
  Route route = {HostRoute(state.range(0) / 2), {}};
  uint32_t med = 0;
  for (auto _ : state) {
    route.attributes.med = ++med;
    rib.Set(route);
    LB_CHECK(TellAll(packer) == 1);
  }
}
BENCHMARK(BM_OneChange)
    ->Arg(10)
    ->Arg(10000)
    ->Arg(100000)
    ->Unit(benchmark::kMicrosecond);

// A whole new set that differs by one route.
void BM_Replace(benchmark::State& state) {
  AdjRibOut rib;
  Packer packer(&rib);
  RouteSet routes = MakeRoutes(state.range(0));
  rib.Replace(routes);
  packer.Start(Terms());
  TellAll(packer);
  uint32_t med = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Route route = {HostRoute(state.range(0) / 2), {}};
    route.attributes.med = ++med;
    LB_CHECK(routes.Set(route).ok());
    state.ResumeTiming();
    rib.Replace(routes);
    LB_CHECK(TellAll(packer) == 1);
  }
}
BENCHMARK(BM_Replace)->Arg(10000)->Unit(benchmark::kMicrosecond);

// Everything goes.
void BM_WithdrawAll(benchmark::State& state) {
  const RouteSet routes = MakeRoutes(state.range(0));
  size_t messages = 0;
  for (auto _ : state) {
    state.PauseTiming();
    AdjRibOut rib;
    Packer packer(&rib);
    rib.Replace(routes);
    packer.Start(Terms());
    TellAll(packer);
    state.ResumeTiming();
    rib.Replace({});
    messages = TellAll(packer);
  }
  state.counters["messages"] = static_cast<double>(messages);
}
BENCHMARK(BM_WithdrawAll)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb::bgp
