// What one changed service costs among 100, 1,000 and 10,000 that are
// announced to two peers: it should go with the change, not with the number.
//
//   bazel run -c opt //daemon/routes:route_planner_benchmark
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "daemon/routes/route_planner.h"
#include "fmt/format.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

std::string NameOf(int64_t i) { return fmt::format("default/web-{:05}", i); }

class Node {
 public:
  Node(int64_t services, int length) : planner_({.node = "n1"}) {
    desired_.pool_labels["pool"] = {};
    desired_.bgp.peers = {{.name = "left", .my_as = {64512}},
                          {.name = "right", .my_as = {64512}}};
    desired_.bgp.advertisements = {
        {.name = "ad", .aggregation_length = length}};
    for (int64_t i = 0; i < services; ++i) {
      desired_.services[NameOf(i)].request.service = NameOf(i);
      entries_[NameOf(i)].assignment.addresses = {
          {net::IpAddress::Ipv4(static_cast<uint32_t>(0x0a000000 + i)),
           "pool"}};
    }
    planner_.SetDesired(desired_);
    Update();
  }

  // The endpoints of a service go, or come back.
  void Change(int64_t service, bool has_endpoints) {
    auto& endpoints = desired_.services[NameOf(service)].traffic.endpoints;
    endpoints.emplace();
    if (has_endpoints) endpoints->push_back({.node = "n1"});
    planner_.SetDesired(desired_, {.services = {NameOf(service)}});
    Update();
  }

 private:
  void Update() {
    do {
      planner_.Update(desired_, entries_, absl::UnixEpoch());
    } while (planner_.has_more());
    benchmark::DoNotOptimize(planner_.TakeChanged());
  }

  RoutePlanner planner_;
  config::Desired desired_;
  AddressEntries entries_;
};

void BM_OneServiceLosesItsEndpointsAndComesBack(benchmark::State& state) {
  Node node(state.range(0), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    node.Change(state.range(0) / 2, false);
    node.Change(state.range(0) / 2, true);
  }
}
// As routes of their own, and inside of one aggregate.
BENCHMARK(BM_OneServiceLosesItsEndpointsAndComesBack)
    ->ArgsProduct({{100, 1'000, 10'000}, {32, 16}})
    ->Unit(benchmark::kMicrosecond);

void BM_AllServices(benchmark::State& state) {
  for (auto _ : state) Node node(state.range(0), 32);
}
BENCHMARK(BM_AllServices)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb
