#include "lb/election/ability.h"

#include <string>

#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr net::IpFamilies kArp = {.ipv4 = true};
constexpr net::IpFamilies kNdp = {.ipv6 = true};
constexpr net::IpFamilies kBoth = {.ipv4 = true, .ipv6 = true};

TEST(FamiliesTest, IncludesAllThatIsNeededAndNoMore) {
  EXPECT_TRUE(kBoth.IncludesAll(kArp));
  EXPECT_TRUE(kArp.IncludesAll(kArp));
  EXPECT_TRUE(kArp.IncludesAll({}));
  EXPECT_FALSE(kArp.IncludesAll(kNdp));
  EXPECT_FALSE(kNdp.IncludesAll(kBoth));
  EXPECT_EQ(FamilyOf(*net::ParseIpAddress("192.0.2.1")), kArp);
  EXPECT_EQ(FamilyOf(*net::ParseIpAddress("2001:db8::1")), kNdp);
}

TEST(AbilityOnTest, IsTheUnionOverTheWantedInterfaces) {
  InterfaceAbilities split = {{{"eth0", kArp}, {"eth1", kNdp}}};
  EXPECT_EQ(AbilityOn({}, {}), net::IpFamilies{});
  EXPECT_EQ(AbilityOn(split, {}), kBoth);
  EXPECT_EQ(AbilityOn(split, {"eth0"}), kArp);
  EXPECT_EQ(AbilityOn(split, {"eth1", "eth7"}), kNdp);
  EXPECT_EQ(AbilityOn(split, {"eth1", "eth0"}), kBoth);
  EXPECT_EQ(AbilityOn(split, {"eth7"}), net::IpFamilies{});
  split.complete = false;  // What is not known is not an ability.
  EXPECT_EQ(AbilityOn(split, {"eth7"}), net::IpFamilies{});
}

TEST(DescribeLackTest, NamesWhatIsWantedAndWhatThereIs) {
  const InterfaceAbilities split = {{{"eth0", kArp}, {"eth1", kBoth}}};
  EXPECT_EQ(DescribeLack(split, {"eth7"}, kArp),
            "wants ARP on eth7; it has eth0 (ARP), eth1 (ARP and NDP)");
  EXPECT_EQ(DescribeLack(split, {"eth0"}, kBoth),
            "wants NDP on eth0; it has eth0 (ARP), eth1 (ARP and NDP)");
  EXPECT_EQ(DescribeLack({{{"eth0", kArp}}}, {}, kNdp),
            "wants NDP on any interface; it has eth0 (ARP)");
  EXPECT_EQ(DescribeLack({}, {"a", "b"}, kBoth),
            "wants ARP and NDP on a, b; it has no usable interface");
  EXPECT_EQ(DescribeLack({{}, false}, {}, kArp),
            "wants ARP on any interface; it has others that are not known");
}

TEST(DescribeLackTest, SaysIfTheHostTakesNoPackets) {
  InterfaceAbilities abilities = {{{"eth0", kArp}}};
  abilities.undeliverable = kNdp;
  EXPECT_EQ(DescribeLack(abilities, {}, kBoth),
            "wants NDP on any interface; it has eth0 (ARP); its host takes no "
            "IPv6 packets for services, or did not lately");
  EXPECT_EQ(DescribeLack(abilities, {"eth1"}, kArp),
            "wants ARP on eth1; it has eth0 (ARP)");
}

TEST(DescribeLackTest, IsBounded) {
  InterfaceAbilities many;
  for (int i = 0; i < 1000; ++i) many.by_name["vlan" + std::to_string(i)];
  EXPECT_LT(DescribeLack(many, {"eth0"}, kArp).size(), 300u);
}

}  // namespace
}  // namespace lb::election
