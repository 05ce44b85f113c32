#include "lb/ipam/pool_set.h"

#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;
using ::testing::ElementsAre;

constexpr IpFamily kIpv4[] = {IpFamily::kIpv4};
constexpr IpFamily kBoth[] = {IpFamily::kIpv4, IpFamily::kIpv6};

IpAddress Address(std::string_view text) { return *net::ParseIpAddress(text); }

Pool MakePool(const std::string& name, const std::vector<std::string>& ranges,
              std::optional<int> priority = std::nullopt) {
  Pool pool = {.name = name};
  for (const std::string& range : ranges) {
    pool.ranges.push_back(*net::ParseIpRange(range));
  }
  if (priority) {
    pool.service_allocation = ServiceAllocation{.priority = *priority};
  }
  return pool;
}

std::vector<std::string> Names(const PoolSet& pools) {
  std::vector<std::string> names;
  for (const Pool& pool : pools.pools()) names.push_back(pool.name);
  return names;
}

const PoolSet::Gates kOpen = PoolSet().GatesFor({});

TEST(PoolSetTest, RanksByPriorityThenName) {
  const PoolSet pools({MakePool("general-b", {"10.0.0.0/24"}),
                       MakePool("last", {"10.0.1.0/24"}, 0),
                       MakePool("general-a", {"10.0.2.0/24"}),
                       MakePool("second-b", {"10.0.3.0/24"}, 2),
                       MakePool("second-a", {"10.0.4.0/24"}, 2),
                       MakePool("first", {"10.0.5.0/24"}, 1)});
  EXPECT_THAT(Names(pools), ElementsAre("first", "second-a", "second-b", "last",
                                        "general-a", "general-b"));
}

TEST(PoolSetTest, FindsThePoolOfAnAddress) {
  const PoolSet pools({MakePool("a", {"10.0.0.5-10.0.0.9", "2001:db8::/64"}),
                       MakePool("b", {"10.0.0.10-10.0.0.10"})});
  struct Case {
    std::string_view address;
    std::optional<size_t> rank;
  };
  const Case kCases[] = {
      {"10.0.0.4", std::nullopt},
      {"10.0.0.5", 0},
      {"10.0.0.9", 0},
      {"10.0.0.10", 1},
      {"10.0.0.11", std::nullopt},
      {"0.0.0.0", std::nullopt},
      {"2001:db8::", 0},
      {"2001:db8:0:1::", std::nullopt},
      {"2001:db7::", std::nullopt},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.address);
    EXPECT_EQ(pools.FindByAddress(Address(c.address)), c.rank);
  }
  EXPECT_EQ(pools.space(0).SegmentOf(Address("2001:db8::1")), 1u);
  EXPECT_EQ(pools.FindByName("b"), 1u);
  EXPECT_EQ(pools.FindByName("c"), std::nullopt);
}

TEST(PoolSetTest, AGateHidesPoolsThatAreClosedForSure) {
  std::vector<Pool> all;
  for (const char* name : {"red", "blue", "green"}) {
    all.push_back(MakePool(name, {fmt::format("10.0.{}.0/24", all.size())}));
    all.back().service_allocation.emplace().namespaces = {name};
  }
  LabelSelector web = {.match_labels = {{"tier", "web"}}};
  all[2].service_allocation = {.namespace_selectors = {web}};
  const PoolSet pools(all);  // By name: blue, green, red.
  const auto next = [&](const ServiceRequest& request) {
    return pools.NextWithFree(pools.GatesFor(request), kIpv4, 0);
  };
  EXPECT_EQ(next({.service_namespace = "red"}), 2u);
  EXPECT_EQ(next({.service_namespace = "blue"}), 0u);
  EXPECT_EQ(next({.service_namespace = "green"}), std::nullopt);
  EXPECT_EQ(next({.namespace_labels = {{"tier", "web"}}}), 1u);
  EXPECT_EQ(next({.labels = {{"tier", "web"}}}), std::nullopt);
}

TEST(PoolSetTest, PassesOverPoolsWithoutAFreeAddress) {
  PoolSet pools({MakePool("a", {"10.0.0.1/32"}),
                 MakePool("b", {"10.0.1.1/32", "2001:db8::1/128"})});
  EXPECT_EQ(pools.NextWithFree(kOpen, kIpv4, 0), 0u);
  EXPECT_EQ(pools.NextWithFree(kOpen, kBoth, 0), 1u);
  pools.Take(Address("10.0.0.1"));
  EXPECT_EQ(pools.NextWithFree(kOpen, kIpv4, 0), 1u);
  pools.Take(Address("10.0.1.1"));
  EXPECT_EQ(pools.NextWithFree(kOpen, kIpv4, 0), std::nullopt);
  EXPECT_EQ(pools.NextWithFree(kOpen, kBoth, 0), std::nullopt);
  pools.Free(Address("10.0.0.1"), {});
  EXPECT_EQ(pools.NextWithFree(kOpen, kIpv4, 0), 0u);
  EXPECT_EQ(pools.NextWithFree(kOpen, kIpv4, 1), std::nullopt);
}

TEST(PoolSpaceTest, CountsEachFamilyExactly) {
  Pool pool = MakePool(
      "a", {"10.0.0.0/24", "10.0.1.0/32", "2001:db8::/64", "2001:db8:1::/64"});
  pool.avoid_buggy_ips = true;
  PoolSpace space(pool);
  EXPECT_EQ(space.usage().total_ipv4, 254);
  EXPECT_EQ(space.usage().total_ipv6, absl::uint128(2) << 64);
  space.Take(Address("10.0.0.7"));
  space.Take(Address("2001:db8:1::7"));
  EXPECT_EQ(space.usage().used_ipv4, 1);
  EXPECT_EQ(space.usage().used_ipv6, 1);
  space.Free(Address("10.0.0.7"), {});
  EXPECT_EQ(space.usage().used_ipv4, 0);
}

TEST(PoolSpaceTest, ExcludedAddressesCutRangesIntoSegments) {
  Pool pool = MakePool("a", {"10.0.0.0-10.0.0.9", "10.1.0.0/32", "::/64"});
  for (const char* text :
       {"10.0.0.0/32", "10.0.0.3-10.0.0.4", "10.0.0.4-10.0.0.5",
        "10.0.0.8-10.1.0.0", "::1-::ffff:ffff:ffff:ffff"}) {
    pool.excluded.push_back(*net::ParseIpRange(text));
  }
  const PoolSpace space(pool);
  EXPECT_EQ(space.usage().total_ipv4, 4);  // .1, .2, .6 and .7
  EXPECT_EQ(space.usage().total_ipv6, 1);
  EXPECT_EQ(space.NextFree(net::IpFamily::kIpv4), Address("10.0.0.1"));
  for (const char* out : {"10.0.0.0", "10.0.0.3", "10.0.0.5", "10.0.0.8",
                          "10.0.0.9", "10.1.0.0", "::1"}) {
    EXPECT_FALSE(space.GivesOut(Address(out))) << out;
    EXPECT_EQ(space.WhyWithheld(Address(out)), "excludes") << out;
  }
}

TEST(PoolSpaceTest, RemembersOnlySoManyFreedAddresses) {
  Pool pool = MakePool("a", {"10.0.0.0/15"});
  pool.cool_down = absl::Hours(1);
  PoolSpace space(pool);
  const auto address = [](uint32_t i) {
    return net::IpAddress::Ipv4((10u << 24) + i);
  };
  for (uint32_t i = 0; i < kRestsMax + 1; ++i) space.Take(address(i));
  for (uint32_t i = 0; i < kRestsMax; ++i) {
    space.Free(address(i), {absl::UnixEpoch() + absl::Microseconds(i), "x/1"});
  }
  EXPECT_EQ(space.usage().rests_cut_short, 0u);
  EXPECT_EQ(space.NextFree(net::IpFamily::kIpv4), address(kRestsMax + 1));
  space.Free(address(kRestsMax), {absl::UnixEpoch() + absl::Seconds(1), "x/1"});
  EXPECT_EQ(space.resting().size(), kRestsMax);
  EXPECT_EQ(space.usage().rests_cut_short, 1u);
  EXPECT_EQ(space.NextFree(net::IpFamily::kIpv4), address(0));
}

TEST(PoolSpaceTest, CountsSaturateAtAllOfIpv6) {
  const PoolSpace space(MakePool("a", {"::/1", "8000::/1"}));
  EXPECT_EQ(space.usage().total_ipv6, absl::Uint128Max());
}

}  // namespace
}  // namespace lb::ipam
