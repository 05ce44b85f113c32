#include "lb/net/service_address.h"

#include <string_view>

#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

TEST(WhyNoServiceAddressTest, NamesThePartAndWhatItIs) {
  struct Case {
    std::string_view range, why;
  };
  constexpr Case kCases[] = {
      {"0.0.0.0/32", "0.0.0.0 is unspecified"},
      {"127.0.0.0/8", "127.0.0.0-127.255.255.255 is loopback"},
      {"126.0.0.0-127.0.0.3", "127.0.0.0-127.0.0.3 is loopback"},
      {"169.254.7.1/32", "169.254.7.1 is link-local"},
      {"223.255.255.255-224.0.0.0", "224.0.0.0 is multicast"},
      {"255.255.255.254-255.255.255.255",
       "255.255.255.255 is limited broadcast"},
      {"0.0.0.0/0", "0.0.0.0-0.255.255.255 is unspecified"},
      {"::/128", ":: is unspecified"},
      {"::1/128", "::1 is loopback"},
      {"fe80::/64", "fe80::-fe80::ffff:ffff:ffff:ffff is link-local"},
      {"febf::1/128", "febf::1 is link-local"},
      {"ff02::1/128", "ff02::1 is multicast"},
      {"::2-::1:0:0:0", "::ffff:0.0.0.0-::ffff:255.255.255.255 is mapped IPv4"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.range);
    ASSERT_THAT(ParseIpRange(c.range), IsOk());
    EXPECT_EQ(WhyNoServiceAddress(*ParseIpRange(c.range)), c.why);
  }
}

TEST(WhyNoServiceAddressTest, SaysNothingOfAllOthers) {
  for (const std::string_view range :
       {"1.0.0.0-126.255.255.255", "128.0.0.0-169.253.255.255",
        "169.255.0.0-223.255.255.255", "240.0.0.0-255.255.255.254",
        "2001:db8::/32", "fd00::/8", "::2-::fffe:ffff:ffff"}) {
    EXPECT_EQ(WhyNoServiceAddress(*ParseIpRange(range)), "") << range;
  }
}

}  // namespace
}  // namespace lb::net
