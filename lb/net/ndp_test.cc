#include "lb/net/ndp.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/checksum.h"
#include "lb/net/ethernet.h"
#include "lb/net/testing/hex.h"

namespace lb::net {
namespace {

using ::testing::HasSubstr;

constexpr MacAddress kHostA = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0a}};
constexpr MacAddress kHostB = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0b}};

IpAddress Ip(std::string_view text) { return *ParseIpAddress(text); }

// All were captured between two Linux kernels (the IPv6 packet of each frame).
constexpr char kMulticastSolicitation[] =
    "6000000000203aff 20010db800000000000000000000000a"
    "ff0200000000000000000001ff00000b"
    "87006b0200000000 20010db800000000000000000000000b 010102005e00530a";
constexpr char kUnicastSolicitation[] =
    "6000000000203aff fe8000000000000000005efffe00530b"
    "20010db800000000000000000000000a"
    "8700ba8500000000 20010db800000000000000000000000a 010102005e00530b";
constexpr char kSolicitedAdvertisement[] =
    "6000000000203aff 20010db800000000000000000000000b"
    "20010db800000000000000000000000a"
    "8800d94c60000000 20010db800000000000000000000000b 020102005e00530b";
// Duplicate address detection, with a nonce option (RFC 7527).
constexpr char kDuplicateDetection[] =
    "6000000000203aff 00000000000000000000000000000000"
    "ff0200000000000000000001ff00000a"
    "8700729c00000000 20010db800000000000000000000000a 0e010f5c1104abd5";

struct Example {
  const char* name;
  const char* bytes;
  NdpPacket packet;
};
std::vector<Example> Examples() {
  return {
      {"multicast solicitation",
       kMulticastSolicitation,
       {Ip("2001:db8::a"), Ip("ff02::1:ff00:b"),
        NeighborSolicitation{Ip("2001:db8::b"), kHostA}}},
      {"unicast solicitation",
       kUnicastSolicitation,
       {Ip("fe80::5eff:fe00:530b"), Ip("2001:db8::a"),
        NeighborSolicitation{Ip("2001:db8::a"), kHostB}}},
      {"solicited advertisement",
       kSolicitedAdvertisement,
       {Ip("2001:db8::b"), Ip("2001:db8::a"),
        NeighborAdvertisement{.target = Ip("2001:db8::b"),
                              .solicited = true,
                              .override_cache = true,
                              .target_mac = kHostB}}},
  };
}

// Returns `text` with its bytes from `offset` on replaced, and with the right
// checksum.
std::vector<uint8_t> Altered(const char* text, size_t offset,
                             std::string_view replacement) {
  std::vector<uint8_t> bytes = Hex(text);
  const std::vector<uint8_t> patch = Hex(replacement);
  std::copy(patch.begin(), patch.end(), bytes.begin() + offset);
  const absl::Span<uint8_t> all = absl::MakeSpan(bytes);
  const auto source = IpAddress::FromBytes(all.subspan(8, 16));
  const auto destination = IpAddress::FromBytes(all.subspan(24, 16));
  if (!source->is_ipv6() || !destination->is_ipv6()) return bytes;
  bytes[42] = bytes[43] = 0;
  const uint16_t checksum =
      Icmpv6Checksum(*source, *destination, all.subspan(40));
  bytes[42] = checksum >> 8;
  bytes[43] = checksum & 0xff;
  return bytes;
}

TEST(NdpTest, ParsesAndSerializesCapturedPackets) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    const std::vector<uint8_t> bytes = Hex(example.bytes);
    const auto packet = ParseNdp(bytes);
    ASSERT_THAT(packet, IsOkAndHolds(example.packet));
    EXPECT_EQ(SerializeNdp(*packet), bytes);
  }
}

TEST(NdpTest, SerializesWithoutLinkLayerAddressAndWithEveryFlag) {
  const NdpPacket packets[] = {
      {Ip("fe80::1"), Ip("2001:db8::2"),
       NeighborSolicitation{.target = Ip("2001:db8::2")}},
      {Ip("fe80::1"), AllNodesGroup(),
       NeighborAdvertisement{.target = Ip("2001:db8::2"),
                             .override_cache = true,
                             .target_mac = kHostA}},
      {Ip("fe80::1"), Ip("fe80::2"),
       NeighborAdvertisement{
           .target = Ip("2001:db8::2"), .router = true, .solicited = true}},
  };
  for (const NdpPacket& packet : packets) {
    EXPECT_THAT(ParseNdp(SerializeNdp(packet)), IsOkAndHolds(packet));
  }
}

TEST(ParseNdpTest, SkipsUnknownOptions) {
  EXPECT_THAT(ParseNdp(Hex(kDuplicateDetection)),
              IsOkAndHolds(NdpPacket{
                  Ip("::"), Ip("ff02::1:ff00:a"),
                  NeighborSolicitation{.target = Ip("2001:db8::a")}}));
}

TEST(ParseNdpTest, IgnoresPadding) {
  std::vector<uint8_t> bytes = Hex(kMulticastSolicitation);
  bytes.resize(bytes.size() + 7, 0xee);
  EXPECT_THAT(ParseNdp(bytes), IsOkAndHolds(Examples()[0].packet));
}

TEST(ParseNdpTest, RejectsEveryTruncation) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    const std::vector<uint8_t> bytes = Hex(example.bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(size);
      EXPECT_THAT(ParseNdp(absl::MakeConstSpan(bytes).first(size)),
                  StatusIs(absl::StatusCode::kInvalidArgument));
    }
    EXPECT_THAT(ParseNdp(bytes), IsOk());
  }
}

TEST(ParseNdpTest, RejectsEveryLyingPayloadLength) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    std::vector<uint8_t> bytes = Hex(example.bytes);
    const int truth = bytes[4] << 8 | bytes[5];
    for (int length = 0; length <= 0xffff; ++length) {
      bytes[4] = static_cast<uint8_t>(length >> 8);
      bytes[5] = static_cast<uint8_t>(length);
      ASSERT_EQ(ParseNdp(bytes).ok(), length == truth) << length;
    }
  }
}

// An option's length is in units of 8 bytes; there is one option of 8.
TEST(ParseNdpTest, RejectsEveryLyingOptionLength) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    for (int length = 0; length < 256; ++length) {
      EXPECT_EQ(
          ParseNdp(Altered(example.bytes, 65, fmt::format("{:02x}", length)))
              .ok(),
          length == 1)
          << length;
    }
  }
}

// The IPv6 header tells the truth about the shorter payload, and so does the
// checksum: only the message itself is short.
TEST(ParseNdpTest, RejectsEveryShorterMessage) {
  for (size_t size = 0; size < 32; ++size) {
    SCOPED_TRACE(size);
    std::vector<uint8_t> bytes =
        Altered(kMulticastSolicitation, 4, fmt::format("{:04x}", size));
    bytes.resize(40 + size);
    if (size >= 4) {
      bytes[42] = bytes[43] = 0;
      const uint16_t checksum =
          Icmpv6Checksum(Ip("2001:db8::a"), Ip("ff02::1:ff00:b"),
                         absl::MakeConstSpan(bytes).subspan(40));
      bytes[42] = checksum >> 8;
      bytes[43] = checksum & 0xff;
    }
    if (size == 24) {  // A message without options is whole.
      EXPECT_THAT(ParseNdp(bytes), IsOk());
    } else {
      EXPECT_FALSE(ParseNdp(bytes).ok());
    }
  }
}

TEST(ParseNdpTest, NamesWhatIsWrong) {
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto kUnimplemented = absl::StatusCode::kUnimplemented;
  const struct {
    const char* bytes;
    size_t offset;
    const char* replacement;
    absl::StatusCode code;
    const char* message;
  } kCases[] = {
      {kMulticastSolicitation, 0, "40", kInvalid, "IP version 4, want 6"},
      {kMulticastSolicitation, 4, "0021", kInvalid,
       "payload length 33, want at most 32"},
      {kMulticastSolicitation, 4, "ffff", kInvalid, "payload length 65535"},
      {kMulticastSolicitation, 4, "0000", kUnimplemented, "ICMPv6 type"},
      {kMulticastSolicitation, 6, "2c", kUnimplemented, "next header 44"},
      {kMulticastSolicitation, 7, "fe", kInvalid, "hop limit 254, want 255"},
      {kMulticastSolicitation, 8, "ff02", kInvalid, "is a group"},
      {kMulticastSolicitation, 8, "00000000000000000000ffff", kInvalid,
       "source ::ffff:0.0.0.10, want an IPv6 address"},
      {kMulticastSolicitation, 40, "80", kUnimplemented, "ICMPv6 type 128"},
      {kMulticastSolicitation, 41, "01", kInvalid, "code 1, want 0"},
      {kMulticastSolicitation, 48, "ff02", kInvalid, "target ff02:"},
      {kMulticastSolicitation, 48, "00000000000000000000ffff", kInvalid,
       "target ::ffff:0.0.0.11, want an IPv6 address"},
      {kMulticastSolicitation, 65, "00", kInvalid, "option of length 0"},
      {kMulticastSolicitation, 65, "02", kInvalid, "cut short"},
      {kMulticastSolicitation, 65, "ff", kInvalid, "cut short"},
      {kMulticastSolicitation, 66, "33", kInvalid, "is a group"},
      {kDuplicateDetection, 36, "fe", kInvalid,
       "probe for 2001:db8::a sent to ff02::1:fe00:a"},
      {kDuplicateDetection, 64, "010102", kInvalid,
       "probe with a source link-layer address"},
      {kSolicitedAdvertisement, 24, "ff02", kInvalid,
       "solicited advertisement sent to a group"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(fmt::format("offset {}: {}", test.offset, test.replacement));
    EXPECT_THAT(ParseNdp(Altered(test.bytes, test.offset, test.replacement)),
                StatusIs(test.code, HasSubstr(test.message)));
  }
}

TEST(ParseNdpTest, VerifiesTheChecksumOfEveryBit) {
  const std::vector<uint8_t> valid = Hex(kMulticastSolicitation);
  for (size_t bit = 64; bit < 8 * valid.size(); ++bit) {
    SCOPED_TRACE(bit);
    std::vector<uint8_t> bytes = valid;
    bytes[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(ParseNdp(bytes).ok());
  }
}

TEST(ParseNdpTest, WhatParsesSerializesBack) {
  Prng prng(4861);
  int parsed_count = 0;
  for (int i = 0; i < 20000; ++i) {
    const Example example = Examples()[prng.Uniform(3)];
    // Replaces a byte anywhere behind the lengths, and makes the checksum right
    // again.
    const std::vector<uint8_t> bytes =
        Altered(example.bytes, 8 + prng.Uniform(64),
                fmt::format("{:02x}", prng.Uniform(256)));
    const auto packet = ParseNdp(bytes);
    if (!packet.ok()) continue;
    ++parsed_count;
    const std::vector<uint8_t> again = SerializeNdp(*packet);
    ASSERT_THAT(ParseNdp(again), IsOkAndHolds(*packet)) << "run " << i;
  }
  EXPECT_GT(parsed_count, 5000);
}

TEST(NdpTest, GroupsFollowTheRfc) {
  EXPECT_EQ(AllNodesGroup().ToString(), "ff02::1");
  // RFC 4291 section 2.7.1 has this very example.
  EXPECT_EQ(SolicitedNodeGroup(Ip("4037::1:800:200e:8c6c")).ToString(),
            "ff02::1:ff0e:8c6c");
}

TEST(NdpFrameTest, CarriesThePacket) {
  const NdpPacket packet = Examples()[0].packet;
  const std::vector<uint8_t> bytes =
      NdpFrame(MulticastMac(packet.destination), kHostA, packet);
  const auto frame = ParseEthernet(bytes);
  ASSERT_THAT(frame, IsOk());
  EXPECT_EQ(frame->header.destination.ToString(), "33:33:ff:00:00:0b");
  EXPECT_EQ(frame->header.source, kHostA);
  EXPECT_EQ(frame->header.ether_type, kEtherTypeIpv6);
  EXPECT_THAT(ParseNdp(frame->payload), IsOkAndHolds(packet));
}

}  // namespace
}  // namespace lb::net
