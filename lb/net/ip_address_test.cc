#include "lb/net/ip_address.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

using ::testing::HasSubstr;

IpAddress Ip(std::string_view text) { return *ParseIpAddress(text); }

TEST(ParseIpAddressTest, PrintsInItsCanonicalForm) {
  struct Case {
    std::string_view text, canonical;
  };
  constexpr Case kCases[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.168.1.240", "192.168.1.240"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:10", "2001:db8::10"},
      {"fc00:f853:0ccd:e799::1", "fc00:f853:ccd:e799::1"},
      // RFC 5952 section 4.2.2: one group of zeros is not shortened.
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      // Section 4.2.3: of two equal runs the first is shortened.
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    ASSERT_THAT(ParseIpAddress(c.text), IsOk());
    EXPECT_EQ(Ip(c.text).ToString(), c.canonical);
    EXPECT_THAT(IpAddress::FromBytes(Ip(c.text).ToBytes()),
                IsOkAndHolds(Ip(c.text)));
    EXPECT_THAT(IpAddress::FromBytes(Ip(c.text).ToMappedBytes()),
                IsOkAndHolds(Ip(c.text)));
  }
}

TEST(ParseIpAddressTest, RefusesAllElse) {
  const std::string_view kCases[] = {"",
                                     " 10.0.0.1",
                                     "10.0.0.1 ",
                                     "10.0.0",
                                     "10.0.0.256",
                                     "010.0.0.1",
                                     "10.0.0.1/32",
                                     "1.2.3.4.5",
                                     "fe80::1%eth0",
                                     ":::",
                                     "2001:db8",
                                     "1::2::3",
                                     "12345::",
                                     "host",
                                     std::string_view("10.0.0.1\0x", 10)};
  for (const std::string_view text : kCases) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseIpAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want an IPv4 or IPv6 address")));
  }
}

TEST(IpAddressTest, OrdersIpv4BeforeIpv6ThenByNumber) {
  const std::vector<IpAddress> sorted = {Ip("0.0.0.0"),  Ip("9.255.255.255"),
                                         Ip("10.0.0.1"), Ip("::"),
                                         Ip("::1"),      Ip("2001:db8::")};
  for (size_t i = 0; i + 1 < sorted.size(); ++i) {
    EXPECT_LT(sorted[i], sorted[i + 1]) << sorted[i].ToString();
  }
  EXPECT_EQ(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
}

TEST(IpAddressTest, RefusesOddByteCounts) {
  for (const size_t size : {0, 1, 3, 5, 15, 17}) {
    const std::vector<uint8_t> bytes(size);
    EXPECT_THAT(IpAddress::FromBytes(bytes),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want 4 or 16")));
  }
}

TEST(IpAddressTest, KnowsItsKind) {
  EXPECT_TRUE(Ip("239.1.1.1").is_multicast());
  EXPECT_TRUE(Ip("ff02::1").is_multicast());
  EXPECT_FALSE(Ip("223.255.255.255").is_multicast());
  EXPECT_TRUE(Ip("127.8.0.1").is_loopback());
  EXPECT_TRUE(Ip("::1").is_loopback());
  EXPECT_TRUE(Ip("169.254.3.4").is_link_local());
  EXPECT_TRUE(Ip("febf::1").is_link_local());
  EXPECT_FALSE(Ip("fec0::1").is_link_local());
  EXPECT_TRUE(Ip("::").is_unspecified());
}

}  // namespace
}  // namespace lb::net
