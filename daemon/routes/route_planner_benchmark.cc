// What one changed service costs among 100, 1,000 and 10,000 that are
// announced to two peers: it should go with the change, not with the number.
// And what all cost together, for one peer, from their addresses to the bytes
// of the UPDATEs.
//
//   bazel run -c opt //daemon/routes:route_planner_benchmark
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "daemon/routes/route_planner.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/packer.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

std::string NameOf(int64_t i) { return fmt::format("default/web-{:05}", i); }

class Node {
 public:
  Node(int64_t services, int length, int peers) : planner_({.node = "n1"}) {
    desired_.pool_labels["pool"] = {};
    desired_.bgp.peers = {{.name = "left", .my_as = {64512}},
                          {.name = "right", .my_as = {64512}}};
    desired_.bgp.peers.resize(static_cast<size_t>(peers));
    desired_.bgp.advertisements = {
        {.name = "ad", .aggregation_length = length}};
    for (int64_t i = 0; i < services; ++i) {
      desired_.services[NameOf(i)].request.service = NameOf(i);
      entries_[NameOf(i)].assignment.addresses = {
          {net::IpAddress::Ipv4(static_cast<uint32_t>(0x0a000000 + i)),
           "pool"}};
    }
    packer_.Start(Terms());
    planner_.SetDesired(desired_);
    Update();
    TellAll();
  }

  // The endpoints of a service go, or come back.
  void Change(int64_t service, bool has_endpoints) {
    auto& endpoints = desired_.services[NameOf(service)].traffic.endpoints;
    endpoints.emplace();
    if (has_endpoints) endpoints->push_back({.node = "n1"});
    planner_.SetDesired(desired_, {.services = {NameOf(service)}});
    Update();
  }

  // All services have no address any more, or have it again. Returns the
  // UPDATEs that tell the left peer so.
  size_t ChangeAll(bool have_addresses) {
    entries_.swap(other_entries_);
    LB_CHECK(entries_.empty() != have_addresses);
    planner_.NoteEntries(names_);
    Update();
    return TellAll();
  }
  // That is all that ChangeAll() says; not to be measured.
  void NoteNames() {
    for (const auto& [name, service] : desired_.services) names_.insert(name);
  }

 private:
  void Update() {
    do {
      planner_.Update(desired_, entries_, absl::UnixEpoch());
      for (const auto& [peer, prefixes] : planner_.TakeChanged()) {
        if (peer == "left") Change(prefixes);
      }
      benchmark::DoNotOptimize(planner_.TakeTurned(desired_.services.size()));
      benchmark::DoNotOptimize(planner_.TakeRepeered(desired_.services.size()));
    } while (planner_.has_more());
  }
  void Change(const bgp::AdvertisedRoutes::Prefixes& prefixes) {
    const bgp::RouteSet& routes = planner_.routes().RoutesOf("left");
    for (const net::IpPrefix& prefix : prefixes) {
      if (const auto* attributes = routes.Find(prefix)) {
        rib_.Set({prefix, *attributes});
      } else {
        rib_.Erase(prefix);
      }
    }
  }
  size_t TellAll() { return packer_.Take(size_t{1} << 20).updates; }
  static bgp::SessionTerms Terms() {
    bgp::SessionTerms terms;
    terms.context.own_as = {64512};
    terms.context.next_hops.ipv4 = {
        {.address = net::IpAddress::Ipv4(0xc0000201)}};
    terms.families = {.ipv4 = true};
    return terms;
  }

  RoutePlanner planner_;
  bgp::AdjRibOut rib_;
  bgp::Packer packer_{&rib_};
  AddressEntries other_entries_;
  RoutePlanner::Services names_;
  config::Desired desired_;
  AddressEntries entries_;
};

void BM_OneServiceLosesItsEndpointsAndComesBack(benchmark::State& state) {
  Node node(state.range(0), static_cast<int>(state.range(1)), /*peers=*/2);
  for (auto _ : state) {
    node.Change(state.range(0) / 2, false);
    node.Change(state.range(0) / 2, true);
  }
}
// As routes of their own, and inside of one aggregate.
BENCHMARK(BM_OneServiceLosesItsEndpointsAndComesBack)
    ->ArgsProduct({{100, 1'000, 10'000}, {32, 16}})
    ->Unit(benchmark::kMicrosecond);

void BM_AllServicesAreWithdrawnAndComeBack(benchmark::State& state) {
  Node node(state.range(0), /*length=*/32, /*peers=*/1);
  node.NoteNames();
  size_t updates = 0;
  for (auto _ : state) {
    updates = node.ChangeAll(false);
    updates += node.ChangeAll(true);
  }
  state.counters["UPDATEs"] = static_cast<double>(updates);
}
BENCHMARK(BM_AllServicesAreWithdrawnAndComeBack)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb
