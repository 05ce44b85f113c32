#include "lb/net/ip_range.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_prefix.h"

namespace lb::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseIpRangeTest, ReadsWhatAPoolAllows) {
  struct Case {
    std::string_view text, range;
  };
  constexpr Case kCases[] = {
      {"172.18.8.201-172.18.8.205", "172.18.8.201-172.18.8.205"},
      {"10.0.0.1 - 10.0.0.1", "10.0.0.1-10.0.0.1"},
      {"10.0.0.1\t\xe2\x80\x93\xc2\xa0 10.0.0.9\n", "10.0.0.1-10.0.0.9"},
      {" 10.0.0.0/30\t", "10.0.0.0-10.0.0.3"},
      {"198.51.100.10/24", "198.51.100.0-198.51.100.255"},
      {"10.0.0.1/32", "10.0.0.1-10.0.0.1"},
      {"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
      {"2001:db8::5/126", "2001:db8::4-2001:db8::7"},
      {"2001:db8::/64", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff"},
      {"2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    ASSERT_THAT(ParseIpRange(c.text), IsOk());
    EXPECT_EQ(ParseIpRange(c.text)->ToString(), c.range);
  }
}

TEST(ParseIpRangeTest, NamesTheTextAndWhatWasWanted) {
  struct Case {
    std::string_view text, message;
  };
  constexpr Case kCases[] = {
      {"172.18.8.205-172.18.8.201",
       "\"172.18.8.205-172.18.8.201\": reversed, want first <= last"},
      {"10.0.0.0/33", "\"10.0.0.0/33\": prefix length 33, want 0..32"},
      {"2001:db8::/129", "prefix length 129, want 0..128"},
      {"10.0.0.0/", "prefix length , want 0..32"},
      {"10.0.0.0/1x", "prefix length 1x, want 0..32"},
      {"10.0.0.1", "want first-last or address/length, such as 10.0.0.1/32"},
      {"2001:db8::1", "such as 2001:db8::1/128"},
      {"10.0.0.1-6", "\"6\": want an IPv4 or IPv6 address"},
      {"10.0.0.1-2001:db8::1", "IPv4 to IPv6, want both ends of one family"},
      // The range ends at a mapped IPv4 address.
      {"::/80", "\"::/80\": IPv6 to IPv4, want both ends of one family"},
      {"ten", "\"ten\": want first-last or address/length"},
      {"10.0.0.1\xc2\xa0"
       "0-10.0.0.9",
       "\"10.0.0.1\\u00a00\": want an IPv4"},
      {"", "want first-last or address/length"},
      {"-", "\"\": want an IPv4 or IPv6 address"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_THAT(ParseIpRange(c.text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(c.message))));
  }
  // The text holds no address, so the error has no example.
  EXPECT_THAT(ParseIpRange("ten"), StatusIs(absl::StatusCode::kInvalidArgument,
                                            Not(HasSubstr("such as"))));
  EXPECT_THAT(ParseIpRange("10.0.0.0/-1"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IpRangeTest, CountsExactly) {
  EXPECT_EQ(ParseIpRange("10.0.0.0/8")->Size(), 1 << 24);
  EXPECT_EQ(ParseIpRange("0.0.0.0/0")->Size(), int64_t{1} << 32);
  EXPECT_EQ(ParseIpRange("::/1")->Size(), absl::uint128(1) << 127);
  EXPECT_EQ(ParseIpRange("::/0")->Size(), absl::Uint128Max());
}

TEST(IpRangeTest, ContainsAndOverlapsUseBothEnds) {
  const IpRange range = *ParseIpRange("10.0.0.4-10.0.0.6");
  EXPECT_FALSE(range.Contains(*ParseIpAddress("10.0.0.3")));
  EXPECT_TRUE(range.Contains(*ParseIpAddress("10.0.0.4")));
  EXPECT_TRUE(range.Contains(*ParseIpAddress("10.0.0.6")));
  EXPECT_FALSE(range.Contains(*ParseIpAddress("10.0.0.7")));
  EXPECT_FALSE(range.Contains(*ParseIpAddress("::a00:5")));
  EXPECT_TRUE(range.Overlaps(*ParseIpRange("10.0.0.6-10.0.0.9")));
  EXPECT_TRUE(range.Overlaps(*ParseIpRange("10.0.0.0/8")));
  EXPECT_FALSE(range.Overlaps(*ParseIpRange("10.0.0.7-10.0.0.9")));
}

TEST(IpPrefixTest, KeepsHostBitsAndContainsItsNetwork) {
  const IpPrefix prefix = *ParseIpPrefix("198.51.100.10/24");
  EXPECT_EQ(prefix.ToString(), "198.51.100.10/24");
  EXPECT_TRUE(prefix.Contains(*ParseIpAddress("198.51.100.255")));
  EXPECT_FALSE(prefix.Contains(*ParseIpAddress("198.51.101.0")));
  EXPECT_THAT(ParseIpPrefix("10.0.0.1"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("want address/length")));
}

}  // namespace
}  // namespace lb::net
