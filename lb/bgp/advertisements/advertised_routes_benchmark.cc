// The cost of one changed service of 10,000, alone and in one aggregate.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

constexpr uint32_t kServices = 10'000;

AdvertisedService Service(uint32_t i, const Advertisements& advertisements) {
  return {
      .addresses = {{net::IpAddress::Ipv4(0x0a000000 + i), advertisements}}};
}

std::string Name(uint32_t i) { return fmt::format("default/s{}", i); }

AdvertisedRoutes Filled(const Advertisements& advertisements) {
  AdvertisedRoutes routes;
  routes.SetPeers({{"left", Asn{64512}}, {"right", Asn{64512}}});
  for (uint32_t i = 0; i < kServices; ++i) {
    routes.Announce(Name(i), Service(i, advertisements));
  }
  routes.Update();
  routes.TakeChanged();
  return routes;
}

Advertisements Of(int length) {
  return {std::make_shared<Advertisement>(
      Advertisement{.name = "a", .aggregation_length = length})};
}

void BM_OneServiceComesAndGoes(benchmark::State& state) {
  const Advertisements advertisements = Of(static_cast<int>(state.range(0)));
  AdvertisedRoutes routes = Filled(advertisements);
  for (auto _ : state) {
    routes.Withdraw(Name(77));
    routes.Update();
    routes.Announce(Name(77), Service(77, advertisements));
    routes.Update();
    benchmark::DoNotOptimize(routes.TakeChanged());
  }
}
BENCHMARK(BM_OneServiceComesAndGoes)->Arg(32)->Arg(16);

void BM_AllServicesCome(benchmark::State& state) {
  const Advertisements advertisements = Of(32);
  for (auto _ : state) {
    benchmark::DoNotOptimize(Filled(advertisements).RoutesOf("left").size());
  }
}
BENCHMARK(BM_AllServicesCome)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb::bgp
