#include "lb/net/mac_address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

TEST(ParseMacAddressTest, ReadsWhatItPrints) {
  for (const std::string_view text :
       {"00:00:00:00:00:00", "02:00:5e:00:53:01", "ff:ff:ff:ff:ff:ff"}) {
    ASSERT_THAT(ParseMacAddress(text), IsOk());
    EXPECT_EQ(ParseMacAddress(text)->ToString(), text);
  }
  EXPECT_THAT(ParseMacAddress("FF:ff:FF:ff:FF:ff"),
              IsOkAndHolds(kBroadcastMac));
}

TEST(ParseMacAddressTest, RefusesAllElse) {
  for (const std::string_view text :
       {"", "02:00:5e:00:53", "02:00:5e:00:53:0", "02:00:5e:00:53:001",
        "02-00-5e-00-53-01", "02:00:5e:00:53:0g", "2:000:5e:00:53:01",
        "+2:00:5e:00:53:01"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseMacAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(MulticastMacTest, FollowsRfc2464) {
  const IpAddress group = *ParseIpAddress("ff02::1:ff00:10");
  EXPECT_EQ(MulticastMac(group).ToString(), "33:33:ff:00:00:10");
  EXPECT_TRUE(MulticastMac(group).is_multicast());
}

}  // namespace
}  // namespace lb::net
