#include "lb/net/checksum.h"

#include "gtest/gtest.h"
#include "lb/net/testing/hex.h"

namespace lb::net {
namespace {

TEST(InternetChecksumTest, KnownPackets) {
  const struct {
    const char* name;
    const char* bytes;
    uint16_t checksum;
  } kCases[] = {
      {"nothing", "", 0xffff},
      // RFC 1071 section 3: the sum is ddf2.
      {"the RFC's example", "0001 f203 f4f5 f6f7", 0x220d},
      {"an odd last byte", "0001 f2", 0x0dfe},
      {"two carries", "ffff ffff ffff", 0x0000},
      {"a whole IPv4 header",
       "4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7", 0x0000},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(InternetChecksum(Hex(test.bytes)), test.checksum);
  }
}

TEST(Icmpv6ChecksumTest, GivesZeroOverACapturedMessage) {
  // A solicitation that a Linux kernel sent; ndp_test.cc has the whole frame.
  EXPECT_EQ(Icmpv6Checksum(*ParseIpAddress("2001:db8::a"),
                           *ParseIpAddress("ff02::1:ff00:b"),
                           Hex("8700 6b02 0000 0000"
                               "20010db800000000000000000000000b"
                               "0101 02005e00530a")),
            0);
}

TEST(Icmpv6ChecksumTest, CoversThePseudoHeader) {
  const std::vector<uint8_t> message = Hex("8000 0000 0001 0001");
  const IpAddress a = *ParseIpAddress("2001:db8::1");
  const IpAddress b = *ParseIpAddress("2001:db8::2");
  const IpAddress c = *ParseIpAddress("2001:db8::3");
  EXPECT_NE(Icmpv6Checksum(a, b, message), Icmpv6Checksum(a, c, message));
  EXPECT_NE(Icmpv6Checksum(a, b, message), Icmpv6Checksum(c, b, message));
  EXPECT_NE(Icmpv6Checksum(a, b, message),
            Icmpv6Checksum(a, b, Hex("8000 0000 0001 0001 0000")));
}

}  // namespace
}  // namespace lb::net
