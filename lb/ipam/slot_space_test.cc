#include "lb/ipam/slot_space.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpRange;

SlotSpace Sparse(std::string_view range) {
  return SlotSpace(*net::ParseIpRange(range), /*avoid_buggy_ips=*/true);
}

TEST(SlotSpaceTest, CountsExactly) {
  struct Case {
    std::string_view range;
    absl::uint128 dense, sparse;
  };
  const Case kCases[] = {
      {"10.0.0.0/32", 1, 0},
      {"10.0.0.255/32", 1, 0},
      {"10.0.0.1/32", 1, 1},
      {"10.0.0.0/24", 256, 254},
      {"10.0.0.255-10.0.1.0", 2, 0},
      {"10.0.0.254-10.0.1.1", 4, 2},
      {"10.0.0.128-10.0.2.127", 512, 508},
      {"10.0.0.0/16", 65536, 65024},
      {"10.0.0.0/8", 16777216, 16646144},
      {"0.0.0.0/0", absl::uint128(1) << 32, absl::uint128(254) << 24},
      {"255.255.255.0/24", 256, 254},
      {"2001:db8::/64", absl::uint128(1) << 64, absl::uint128(1) << 64},
      {"::/1", absl::uint128(1) << 127, absl::uint128(1) << 127},
      {"::/0", absl::Uint128Max(), absl::Uint128Max()},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.range);
    const IpRange range = *net::ParseIpRange(c.range);
    EXPECT_EQ(SlotSpace(range, false).size(), c.dense);
    EXPECT_EQ(SlotSpace(range, true).size(), c.sparse);
  }
}

TEST(SlotSpaceTest, NumbersWhatIsNotLeftOutInOrder) {
  const IpRange range = *net::ParseIpRange("10.0.0.250-10.0.3.5");
  for (const bool avoid : {false, true}) {
    const SlotSpace space(range, avoid);
    absl::uint128 next = 0;
    for (absl::uint128 n = range.first.number(); n <= range.last.number();
         ++n) {
      const IpAddress address = IpAddress::Ipv4(static_cast<uint32_t>(n));
      SCOPED_TRACE(address.ToString());
      if (avoid && IsBuggy(address)) {
        EXPECT_EQ(space.SlotOf(address), std::nullopt);
        continue;
      }
      ASSERT_EQ(space.SlotOf(address), next);
      ASSERT_EQ(space.AddressOf(next), address);
      ++next;
    }
    EXPECT_EQ(space.size(), next);
  }
}

TEST(SlotSpaceTest, KnowsNoAddressOutsideOfTheRange) {
  const SlotSpace space = Sparse("10.0.0.4-10.0.0.6");
  EXPECT_EQ(space.SlotOf(*net::ParseIpAddress("10.0.0.3")), std::nullopt);
  EXPECT_EQ(space.SlotOf(*net::ParseIpAddress("10.0.0.7")), std::nullopt);
  EXPECT_EQ(space.SlotOf(*net::ParseIpAddress("::a00:5")), std::nullopt);
}

TEST(SlotSpaceTest, TheLastAddressOfAllIpv6HasNoSlot) {
  const SlotSpace space(*net::ParseIpRange("::/0"), false);
  const IpAddress last = IpAddress::Ipv6(absl::Uint128Max());
  EXPECT_EQ(space.SlotOf(last), std::nullopt);
  EXPECT_EQ(space.SlotOf(IpAddress::Ipv6(absl::Uint128Max() - 1)),
            absl::Uint128Max() - 1);
}

}  // namespace
}  // namespace lb::ipam
