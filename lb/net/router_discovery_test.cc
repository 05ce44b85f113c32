#include "lb/net/router_discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

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

// Captured from a Linux kernel and from FRR 8.4.4, which also tells a prefix.
constexpr char kSolicitation[] =
    "6000000000103aff fe8000000000000000005efffe00530a"
    "ff020000000000000000000000000002"
    "8500191900000000 010102005e00530a";
constexpr char kOfFrr[] =
    "600b817d00383aff fe8000000000000000005efffe00530b"
    "ff020000000000000000000000000001"
    "86009e9e4000001e 0000000000000000"
    "030440c000278d0000093a8000000000 20010db8000500000000000000000000"
    "010102005e00530b";
// What a node sends: it is no host's default router.
constexpr char kOfNode[] =
    "6000000000183aff fe8000000000000000005efffe00530a"
    "ff020000000000000000000000000001"
    "8600181200000000 0000000000000000 010102005e00530a";

RouterPacket FromFrr() {
  return {Ip("fe80::5eff:fe00:530b"), Ip("ff02::1"),
          RouterAdvertisement{
              .hop_limit = 64, .lifetime_seconds = 30, .source_mac = kHostB}};
}

struct Example {
  const char* name;
  const char* bytes;
  RouterPacket packet;
};
std::vector<Example> Examples() {
  return {{"solicitation",
           kSolicitation,
           {Ip("fe80::5eff:fe00:530a"), AllRoutersGroup(),
            RouterSolicitation{kHostA}}},
          {"advertisement",
           kOfNode,
           {Ip("fe80::5eff:fe00:530a"), Ip("ff02::1"),
            RouterAdvertisement{.source_mac = kHostA}}}};
}

// Makes the checksum right.
std::vector<uint8_t> Repaired(std::vector<uint8_t> bytes) {
  const absl::Span<uint8_t> all = absl::MakeSpan(bytes);
  const auto source = IpAddress::FromBytes(all.subspan(8, 16));
  const auto destination = IpAddress::FromBytes(all.subspan(24, 16));
  if (bytes.size() < 44 || !source->is_ipv6() || !destination->is_ipv6()) {
    return bytes;
  }
  bytes[42] = bytes[43] = 0;
  const uint16_t checksum =
      Icmpv6Checksum(*source, *destination, all.subspan(40));
  bytes[42] = checksum >> 8;
  bytes[43] = checksum & 0xff;
  return bytes;
}

// `text` with its bytes from `offset` on replaced.
std::vector<uint8_t> Altered(const char* text, size_t offset,
                             std::string_view replacement) {
  std::vector<uint8_t> bytes = Hex(text);
  const std::vector<uint8_t> patch = Hex(replacement);
  std::copy(patch.begin(), patch.end(), bytes.begin() + offset);
  return Repaired(std::move(bytes));
}

TEST(RouterDiscoveryTest, ParsesAndSerializes) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    const std::vector<uint8_t> bytes = Hex(example.bytes);
    const auto packet = ParseRouterPacket(bytes);
    ASSERT_THAT(packet, IsOkAndHolds(example.packet));
    EXPECT_EQ(SerializeRouterPacket(*packet), bytes);
  }
}

TEST(RouterDiscoveryTest, SerializesEveryField) {
  const RouterPacket packet = {
      Ip("fe80::1"), Ip("ff02::1"),
      RouterAdvertisement{.hop_limit = 255,
                          .managed = true,
                          .other_configuration = true,
                          .lifetime_seconds = 65535,
                          .reachable_ms = 3'600'000,
                          .retransmit_ms = 0xfffffffe}};
  EXPECT_THAT(ParseRouterPacket(SerializeRouterPacket(packet)),
              IsOkAndHolds(packet));
  for (const bool managed : {false, true}) {
    const RouterPacket one_flag = {
        Ip("fe80::1"), Ip("ff02::1"),
        RouterAdvertisement{.managed = managed,
                            .other_configuration = !managed}};
    EXPECT_THAT(ParseRouterPacket(SerializeRouterPacket(one_flag)),
                IsOkAndHolds(one_flag));
  }
}

TEST(RouterDiscoveryTest, AFrameGoesToTheGroup) {
  const Example example = Examples()[0];
  const auto frame = RouterFrame(kHostA, example.packet);
  const auto parsed = ParseEthernet(frame);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->header.destination.ToString(), "33:33:00:00:00:02");
  EXPECT_EQ(parsed->header.source, kHostA);
  EXPECT_THAT(ParseRouterPacket(parsed->payload), IsOkAndHolds(example.packet));
}

TEST(ParseRouterPacketTest, SkipsOtherOptionsAndPadding) {
  std::vector<uint8_t> bytes = Hex(kOfFrr);
  bytes.resize(bytes.size() + 7, 0xee);
  EXPECT_THAT(ParseRouterPacket(bytes), IsOkAndHolds(FromFrr()));
}

TEST(ParseRouterPacketTest, AHostWithoutAnAddressMayAsk) {
  std::vector<uint8_t> bytes = Hex(kSolicitation);
  bytes.resize(48);
  bytes[5] = 8;
  std::fill(bytes.begin() + 8, bytes.begin() + 24, 0);
  EXPECT_THAT(ParseRouterPacket(Repaired(bytes)),
              IsOkAndHolds(RouterPacket{Ip("::"), AllRoutersGroup(),
                                        RouterSolicitation{}}));
}

TEST(ParseRouterPacketTest, RejectsEveryTruncation) {
  for (const char* const text : {kSolicitation, kOfFrr, kOfNode}) {
    SCOPED_TRACE(text);
    const std::vector<uint8_t> bytes = Hex(text);
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(size);
      EXPECT_THAT(ParseRouterPacket(absl::MakeConstSpan(bytes).first(size)),
                  StatusIs(absl::StatusCode::kInvalidArgument));
    }
    EXPECT_THAT(ParseRouterPacket(bytes), IsOk());
  }
}

// The IPv6 header and the checksum are true, and the message ends early: it
// must end between two options.
TEST(ParseRouterPacketTest, RejectsEveryShorterMessage) {
  const struct {
    const char* bytes;
    std::vector<size_t> whole;
  } kCases[] = {{kSolicitation, {8, 16}}, {kOfFrr, {16, 48, 56}}};
  for (const auto& [text, whole] : kCases) {
    for (size_t size = 1; size <= Hex(text).size() - 40; ++size) {
      SCOPED_TRACE(fmt::format("{} of {}", size, text));
      std::vector<uint8_t> bytes = Hex(text);
      bytes.resize(40 + size);
      bytes[5] = static_cast<uint8_t>(size);
      EXPECT_EQ(ParseRouterPacket(Repaired(bytes)).ok(),
                std::count(whole.begin(), whole.end(), size) == 1);
    }
  }
}

TEST(ParseRouterPacketTest, NamesWhatIsWrong) {
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto kUnimplemented = absl::StatusCode::kUnimplemented;
  const struct {
    const char* bytes;
    size_t offset;
    const char* replacement;
    absl::StatusCode code;
    const char* message;
  } kCases[] = {
      {kOfNode, 0, "40", kInvalid, "IP version 4, want 6"},
      {kOfNode, 4, "0000", kUnimplemented, "ICMPv6 type 0"},
      {kOfNode, 6, "2c", kUnimplemented, "next header 44"},
      {kOfNode, 7, "fe", kInvalid, "hop limit 254, want 255"},
      {kOfNode, 8, "2001", kInvalid, "want a link-local source"},
      {kOfNode, 8, "ff02", kInvalid, "is a group"},
      {kOfNode, 40, "88", kUnimplemented, "ICMPv6 type 136, want 133 or 134"},
      {kOfNode, 41, "01", kInvalid, "code 1, want 0"},
      {kOfNode, 57, "00", kInvalid, "option of length 0"},
      {kOfNode, 57, "02", kInvalid, "cut short"},
      {kOfNode, 58, "33", kInvalid, "is a group"},
      {kSolicitation, 7, "40", kInvalid, "hop limit 64, want 255"},
      {kSolicitation, 41, "01", kInvalid, "code 1, want 0"},
      {kSolicitation, 8, "00000000000000000000000000000000", kInvalid,
       "solicitation of :: with a source link-layer address"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(fmt::format("offset {}: {}", test.offset, test.replacement));
    EXPECT_THAT(
        ParseRouterPacket(Altered(test.bytes, test.offset, test.replacement)),
        StatusIs(test.code, HasSubstr(test.message)));
  }
}

TEST(ParseRouterPacketTest, VerifiesTheChecksumOfEveryBit) {
  const std::vector<uint8_t> valid = Hex(kOfFrr);
  for (size_t bit = 64; bit < 8 * valid.size(); ++bit) {
    SCOPED_TRACE(bit);
    std::vector<uint8_t> bytes = valid;
    bytes[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(ParseRouterPacket(bytes).ok());
  }
}

TEST(ParseRouterPacketTest, WhatParsesSerializesBack) {
  Prng prng(4861);
  int parsed_count = 0;
  for (int i = 0; i < 20000; ++i) {
    const char* const text =
        std::vector{kSolicitation, kOfNode, kOfFrr}[prng.Uniform(3)];
    const std::vector<uint8_t> bytes =
        Altered(text, 8 + prng.Uniform(Hex(text).size() - 8),
                fmt::format("{:02x}", prng.Uniform(256)));
    const auto packet = ParseRouterPacket(bytes);
    if (!packet.ok()) continue;
    ++parsed_count;
    EXPECT_THAT(ParseRouterPacket(SerializeRouterPacket(*packet)),
                IsOkAndHolds(*packet));
  }
  EXPECT_GT(parsed_count, 5000);
}

}  // namespace
}  // namespace lb::net
