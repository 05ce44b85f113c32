#include "lb/bgp/wire/update_encoder.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/receiver.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;
using net::IpAddress;
using net::IpFamily;
using net::IpPrefix;

std::vector<IpPrefix> Prefixes(const std::vector<std::string_view>& texts) {
  std::vector<IpPrefix> prefixes;
  for (const std::string_view text : texts) {
    prefixes.push_back(*net::ParseIpPrefix(text));
  }
  return prefixes;
}

NextHop Hop(std::string_view address) {
  return {.address = *net::ParseIpAddress(address)};
}

NextHop Hop(std::string_view address, std::string_view link_local) {
  return {*net::ParseIpAddress(address), *net::ParseIpAddress(link_local)};
}

UpdateContext External() {
  return {.own_as = {64512},
          .next_hops = {.ipv4 = Hop("192.0.2.1"), .ipv6 = Hop("2001:db8::1")}};
}

std::string HexOf(const std::vector<uint8_t>& bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::vector<uint8_t> Update(std::string_view body) {
  return EncodeMessage(MessageType::kUpdate, Hex(body));
}

struct Example {
  std::string_view name;
  UpdateContext context;
  PathAttributes attributes;
  std::vector<std::string_view> prefixes;
  std::string_view body;
};

std::vector<Example> PlainExamples() {
  UpdateContext internal = External();
  internal.internal = true;
  UpdateContext two_octets = External();
  two_octets.four_octet_as = false;
  UpdateContext substituted = two_octets;
  substituted.own_as = {4200000000};
  return {
      {"an external peer",
       External(),
       {},
       {"198.51.100.7/32"},
       "0000 0014 40010100 400206 0201 0000fc00 400304 c0000201"
       "20 c6336407"},
      {"an external peer, all attributes",
       External(),
       {.local_preference = 200,
        .med = 10,
        .prepends = 1,
        .communities = {{0xffff0000}, {0xffffff01}},
        .large_communities = {{1, 2, 3}},
        .link_bandwidth = LinkBandwidth{{64512}, 125000000}},
       {"198.51.100.0/24", "203.0.113.128/25"},
       "0000 0044 40010100 40020a 0202 0000fc00 0000fc00 400304 c0000201"
       "800404 0000000a c00808 ffff0000 ffffff01"
       "c01008 4004 fc00 4cee6b28 c0200c 00000001 00000002 00000003"
       "18 c63364 19 cb007180"},
      {"an internal peer",
       internal,
       {.prepends = 3},
       {"0.0.0.0/0"},
       "0000 0015 40010100 400200 400304 c0000201 400504 00000064 00"},
      {"an internal peer, preference",
       internal,
       {.local_preference = 0},
       {"10.0.0.0/8"},
       "0000 0015 40010100 400200 400304 c0000201 400504 00000000 08 0a"},
      {"a peer of two octets",
       two_octets,
       {},
       {"198.51.100.7/32"},
       "0000 0012 40010100 400204 0201 fc00 400304 c0000201 20 c6336407"},
      {"a peer of two octets, a longer number",
       substituted,
       {.prepends = 1, .communities = {{1}}, .large_communities = {{1, 2, 3}}},
       {"198.51.100.7/32"},
       "0000 0037 40010100 400206 0202 5ba0 5ba0 400304 c0000201"
       "c00804 00000001 c0110a 0202 fa56ea00 fa56ea00"
       "c0200c 00000001 00000002 00000003 20 c6336407"},
  };
}

std::vector<Example> MultiprotocolExamples() {
  UpdateContext both = External();
  both.next_hops.ipv6 = Hop("2001:db8::1", "fe80::1");
  UpdateContext unnumbered = External();
  unnumbered.next_hops = {.ipv4 = Hop("fe80::1"), .ipv6 = Hop("fe80::1")};
  return {
      {"IPv6 by a global next hop",
       External(),
       {},
       {"2001:db8::7/128"},
       "0000 0036 800e26 0002 01 10 20010db8000000000000000000000001 00"
       "80 20010db8000000000000000000000007"
       "40010100 400206 0201 0000fc00"},
      {"IPv6 by two next hops",
       both,
       {},
       {"2001:db8:0:8000::/49", "::/0"},
       "0000 003e 800e2e 0002 01 20 20010db8000000000000000000000001"
       "fe800000000000000000000000000001 00 31 20010db8000080 00"
       "40010100 400206 0201 0000fc00"},
      {"IPv4 by an IPv6 next hop",
       unnumbered,
       {.med = 1},
       {"10.1.2.3/32"},
       "0000 0031 800e1a 0001 01 10 fe800000000000000000000000000001 00"
       "20 0a010203 40010100 400206 0201 0000fc00 800404 00000001"},
  };
}

TEST(UpdateEncoderTest, WritesTheBytesOfTheTable) {
  std::vector<Example> examples = PlainExamples();
  for (const Example& more : MultiprotocolExamples()) examples.push_back(more);
  for (const Example& example : examples) {
    SCOPED_TRACE(example.name);
    const std::vector<IpPrefix> prefixes = Prefixes(example.prefixes);
    absl::Span<const IpPrefix> rest = prefixes;
    EXPECT_EQ(
        HexOf(EncodeAnnouncement(example.context, example.attributes, rest)),
        HexOf(Update(example.body)));
    EXPECT_TRUE(rest.empty());
    // An independent reader finds nothing wrong with it.
    Receiver receiver({example.context.own_as, example.context.internal,
                       example.context.four_octet_as});
    EXPECT_EQ(receiver.Receive(Update(example.body)), "");
    EXPECT_EQ(receiver.table().size(), prefixes.size());
  }
}

TEST(UpdateEncoderTest, WritesWithdrawals) {
  const auto ipv4 = Prefixes({"198.51.100.7/32", "10.0.0.0/8", "0.0.0.0/0"});
  absl::Span<const IpPrefix> rest = ipv4;
  EXPECT_EQ(EncodeWithdrawal(rest), Update("0008 20 c6336407 08 0a 00 0000"));
  EXPECT_TRUE(rest.empty());
  const auto ipv6 = Prefixes({"2001:db8::/32"});
  rest = ipv6;
  EXPECT_EQ(EncodeWithdrawal(rest),
            Update("0000 000b 800f08 0002 01 20 20010db8"));
}

TEST(UpdateEncoderTest, WritesBothFormsOfEndOfRib) {
  EXPECT_EQ(EncodeEndOfRib(IpFamily::kIpv4), Update("0000 0000"));
  EXPECT_EQ(EncodeEndOfRib(IpFamily::kIpv6),
            Update("0000 0006 800f03 0002 01"));
  EXPECT_EQ(EncodeEndOfRib(IpFamily::kIpv6).size(), 29U);
}

TEST(UpdateEncoderTest, DropsHostBitsAtEveryLength) {
  for (const std::string_view text :
       {"255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const IpAddress ones = *net::ParseIpAddress(text);
    for (int length = 0; length <= net::BitCount(ones.family()); ++length) {
      const std::vector<IpPrefix> prefixes = {{ones, length}};
      absl::Span<const IpPrefix> rest = prefixes;
      Receiver receiver({.speaker_as = {64512}});
      EXPECT_EQ(receiver.Receive(EncodeAnnouncement(External(), {}, rest)), "");
      const IpPrefix network = {prefixes[0].Range().first, length};
      EXPECT_TRUE(receiver.table().contains(network)) << network.ToString();
      rest = prefixes;
      EXPECT_EQ(receiver.Receive(EncodeWithdrawal(rest)), "");
      EXPECT_TRUE(receiver.table().empty());
    }
  }
}

// The most that a route can tell, to a peer that is told all of it.
PathAttributes LargestAttributes() {
  PathAttributes largest;
  largest.med = 1;
  largest.prepends = PathAttributes::kPrependsMax;
  for (uint32_t i = 0; i < PathAttributes::kCommunitiesMax; ++i) {
    largest.communities.push_back({i});
    largest.large_communities.push_back({i, 0, 0});
  }
  largest.link_bandwidth = LinkBandwidth{{64512}, 1000};
  return largest;
}

TEST(UpdateEncoderTest, NoMessageIsLongerThan4096Bytes) {
  UpdateContext context = External();
  context.own_as = {4200000000};
  context.four_octet_as = false;
  context.next_hops.ipv6 = Hop("2001:db8::1", "fe80::1");
  Receiver receiver({.speaker_as = context.own_as, .four_octet_as = false});
  std::vector<IpPrefix> ipv4, ipv6;
  for (uint32_t i = 0; i < 3000; ++i) {
    ipv4.push_back({IpAddress::Ipv4(i), 32});
    ipv6.push_back({IpAddress::Ipv6(absl::uint128(1) << 100 | i), 128});
  }
  for (const std::vector<IpPrefix>& prefixes : {ipv4, ipv6}) {
    for (const PathAttributes& attributes :
         {PathAttributes(), LargestAttributes()}) {
      absl::Span<const IpPrefix> rest = prefixes;
      while (!rest.empty()) {
        const auto message = EncodeAnnouncement(context, attributes, rest);
        EXPECT_LE(message.size(), kMessageSizeMax);
        // Full but for less than one prefix, and the last.
        EXPECT_TRUE(rest.empty() || message.size() > kMessageSizeMax - 17);
        EXPECT_EQ(receiver.Receive(message), "");
      }
    }
    absl::Span<const IpPrefix> rest = prefixes;
    while (!rest.empty()) {
      const auto message = EncodeWithdrawal(rest);
      EXPECT_LE(message.size(), kMessageSizeMax);
      EXPECT_TRUE(rest.empty() || message.size() > kMessageSizeMax - 17);
      EXPECT_EQ(receiver.Receive(message), "");
    }
    EXPECT_TRUE(receiver.table().empty());
  }
}

}  // namespace
}  // namespace lb::bgp::wire
