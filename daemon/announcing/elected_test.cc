// The result for one address is the same as its part of the result for all.
#include "daemon/announcing/elected.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb {
namespace {

constexpr uint64_t kSeeds = 300;
constexpr uint64_t kServices = 8;

net::IpAddress Vip(uint64_t number) {
  return net::IpAddress::Ipv4(0x0a000000u + static_cast<uint32_t>(number));
}

// A made-up outcome of elections, in which some services share addresses.
struct World {
  const std::string node = "n1";
  AddressEntries entries;
  Placement placement;
  std::vector<ipam::Pool> pools;
  std::map<net::IpAddress, absl::Time> withheld;
  std::set<net::IpAddress> probed;

  explicit World(Prng& prng) {
    for (const char* pool : {"p", "q"}) {
      pools.push_back({.name = pool});
      pools.back().announce_despite_proxy = prng.Chance(30);
    }
    for (uint64_t i = 0; i < kServices; ++i) {
      const std::string service = fmt::format("s{}", i);
      auto& addresses = entries[service].assignment.addresses;
      for (uint64_t k = 0; k < prng.Uniform(3); ++k) {
        addresses.push_back(
            {Vip(2 * prng.Uniform(5) + k), prng.Chance(50) ? "p" : "q"});
      }
      if (addresses.empty()) continue;
      ServicePlacement& place = placement[service];
      for (const auto protocol :
           {election::Protocol::kLayer2, election::Protocol::kBgp}) {
        for (const char* node : {"n1", "n2"}) {
          if (prng.Chance(60)) continue;
          place.announcers.push_back({.protocol = protocol, .node = node});
          election::Announcer& announcer = place.announcers.back();
          if (prng.Chance(50)) {
            announcer.interfaces = {prng.Chance(50) ? "a" : "b"};
          }
          if (prng.Chance(30)) {
            announcer.refresh =
                absl::Seconds(1 + static_cast<int>(prng.Uniform(9)));
          }
        }
      }
    }
    for (uint64_t i = 0; i < 10; ++i) {
      if (prng.Chance(15)) withheld.emplace(Vip(i), absl::UnixEpoch());
      if (prng.Chance(30)) probed.insert(Vip(i));
    }
  }

  ElectedPlaces Places() const {
    return ElectedPlaces({.node = node,
                          .entries = entries,
                          .placement = placement,
                          .pools = pools,
                          .withheld = withheld,
                          .probed = probed});
  }
  // Returns the placed services, as Elections knows them.
  std::set<std::string, std::less<>> At(const net::IpAddress& address) const {
    std::set<std::string, std::less<>> services;
    for (const auto& [service, entry] : entries) {
      for (const auto& assigned : entry.assignment.addresses) {
        if (assigned.address == address) services.insert(service);
      }
    }
    return services;
  }
};

TEST(ElectedTest, OneAddressIsAsAmongAll) {
  int here = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    const World world(prng);
    const ElectedPlaces places = world.Places();
    const Elected all = places.All();
    Elected one_by_one;
    for (uint64_t i = 0; i < 10; ++i) {
      ElectedPlace place = places.At(Vip(i), world.At(Vip(i)));
      if (place.elsewhere) one_by_one.elsewhere.insert(Vip(i));
      if (place.here) one_by_one.here.emplace(Vip(i), *place.here);
    }
    ASSERT_EQ(all, one_by_one);
    here += static_cast<int>(all.here.size());
  }
  EXPECT_GT(here, 500);
}

// An address that another protocol announces needs nothing on layer 2.
TEST(ElectedTest, OnlyAnnouncersOnLayer2Count) {
  Prng prng(1);
  World world(prng);
  world.entries = {{"s", {.assignment = {.addresses = {{Vip(1), "p"}}}}}};
  world.withheld.clear();
  world.placement = {
      {"s",
       {.announcers = {{.protocol = election::Protocol::kBgp, .node = "n1"},
                       {.protocol = election::Protocol::kBgp, .node = "n2"}}}}};
  EXPECT_EQ(world.Places().All(), Elected());
  world.placement["s"].announcers.push_back({.node = "n2"});
  EXPECT_EQ(world.Places().All(), Elected({.elsewhere = {Vip(1)}}));
}

TEST(ElectedTest, TheDifferenceLeadsFromOneToTheOther) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    Elected elected = World(prng).Places().All();
    const Elected next = World(prng).Places().All();
    for (const auto& [address, place] : DifferenceOf(elected, next)) {
      elected.here.erase(address);
      if (place.here) elected.here.emplace(address, *place.here);
      elected.elsewhere.erase(address);
      if (place.elsewhere) elected.elsewhere.insert(address);
    }
    ASSERT_EQ(elected, next);
    EXPECT_TRUE(DifferenceOf(next, next).empty());
  }
}

TEST(ElectedTest, ADifferenceNamesOnlyWhatDiffers) {
  const Elected before = {.here = {{Vip(1), {}}, {Vip(2), {}}},
                          .elsewhere = {Vip(3)}};
  const Elected now = {
      .here = {{Vip(1), {}}, {Vip(2), {.role = announce::Role::kProbeFirst}}},
      .elsewhere = {Vip(3), Vip(4)}};
  const ElectedChange expected = {{Vip(2), {.here = now.here.at(Vip(2))}},
                                  {Vip(4), {.elsewhere = true}}};
  EXPECT_EQ(DifferenceOf(before, now), expected);
}

}  // namespace
}  // namespace lb
