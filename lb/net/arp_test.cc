#include "lb/net/arp.h"

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ethernet.h"
#include "lb/net/testing/hex.h"

namespace lb::net {
namespace {

using ::testing::HasSubstr;

constexpr MacAddress kHostA = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0a}};
constexpr MacAddress kHostB = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0b}};
const IpAddress kIpA = IpAddress::Ipv4(0xc633640a);  // 198.51.100.10
const IpAddress kIpB = IpAddress::Ipv4(0xc633640b);  // 198.51.100.11
const IpAddress kNone = IpAddress::Ipv4(0);

// The first two were captured between two Linux kernels; the others follow
// RFC 5227 sections 1.1 and 2.3 and RFC 5944 section 4.6.
struct Example {
  const char* name;
  const char* bytes;
  ArpPacket packet;
  ArpKind kind;
};
const Example kExamples[] = {
    {"request",
     "0001 0800 06 04 0001 02005e00530a c633640a 000000000000 c633640b",
     {ArpOperation::kRequest, kHostA, kIpA, {}, kIpB},
     ArpKind::kRequest},
    {"reply",
     "0001 0800 06 04 0002 02005e00530b c633640b 02005e00530a c633640a",
     {ArpOperation::kReply, kHostB, kIpB, kHostA, kIpA},
     ArpKind::kReply},
    {"probe",
     "0001 0800 06 04 0001 02005e00530a 00000000 000000000000 c633640a",
     {ArpOperation::kRequest, kHostA, kNone, {}, kIpA},
     ArpKind::kProbe},
    {"gratuitous request",
     "0001 0800 06 04 0001 02005e00530a c633640a 000000000000 c633640a",
     {ArpOperation::kRequest, kHostA, kIpA, {}, kIpA},
     ArpKind::kGratuitousRequest},
    {"gratuitous reply",
     "0001 0800 06 04 0002 02005e00530a c633640a 02005e00530a c633640a",
     {ArpOperation::kReply, kHostA, kIpA, kHostA, kIpA},
     ArpKind::kGratuitousReply},
};

TEST(ArpTest, ParsesAndSerializesEachKind) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.name);
    const std::vector<uint8_t> bytes = Hex(example.bytes);
    const auto packet = ParseArp(bytes);
    ASSERT_THAT(packet, IsOkAndHolds(example.packet));
    EXPECT_EQ(SerializeArp(*packet), bytes);
    EXPECT_EQ(Kind(*packet), example.kind);
  }
}

TEST(ParseArpTest, IgnoresPadding) {
  for (const Example& example : kExamples) {
    std::vector<uint8_t> bytes = Hex(example.bytes);
    bytes.resize(46, 0xee);
    EXPECT_THAT(ParseArp(bytes), IsOkAndHolds(example.packet));
  }
}

TEST(ParseArpTest, RejectsEveryTruncation) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.name);
    const std::vector<uint8_t> bytes = Hex(example.bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(size);
      EXPECT_THAT(ParseArp(absl::MakeConstSpan(bytes).first(size)),
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           HasSubstr("bytes, want 28")));
    }
    EXPECT_THAT(ParseArp(bytes), IsOk());
  }
}

// Both lengths lie, and as many bytes follow as they could claim.
TEST(ParseArpTest, RejectsEveryLyingLength) {
  for (const size_t offset : {4, 5}) {
    for (int length = 0; length < 256; ++length) {
      SCOPED_TRACE(testing::Message() << offset << ": " << length);
      std::vector<uint8_t> bytes = Hex(kExamples[0].bytes);
      bytes.resize(8 + 4 * 255);
      const bool is_true = bytes[offset] == length;
      bytes[offset] = static_cast<uint8_t>(length);
      EXPECT_EQ(ParseArp(bytes).ok(), is_true);
    }
  }
}

TEST(ParseArpTest, NamesTheFieldThatIsWrong) {
  const struct {
    const char* bytes;
    const char* message;
  } kCases[] = {
      {"0006 0800 06 04 0001 02005e00530a c633640a 000000000000 c633640b",
       "arp: hardware type 0x6, want 0x1"},
      {"0001 86dd 06 04 0001 02005e00530a c633640a 000000000000 c633640b",
       "arp: protocol type 0x86dd, want 0x800"},
      {"0001 0800 ff 04 0001 02005e00530a c633640a 000000000000 c633640b",
       "arp: hardware size 0xff, want 0x6"},
      {"0001 0800 06 10 0001 02005e00530a c633640a 000000000000 c633640b",
       "arp: protocol size 0x10, want 0x4"},
      {"0001 0800 06 04 0000 02005e00530a c633640a 000000000000 c633640b",
       "arp: operation 0, want 1 (request) or 2 (reply)"},
      {"0001 0800 06 04 0003 02005e00530a c633640a 000000000000 c633640b",
       "arp: operation 3, want 1 (request) or 2 (reply)"},
      {"0001 0800 06 04 0001 ffffffffffff c633640a 000000000000 c633640b",
       "arp: sender ff:ff:ff:ff:ff:ff is a group"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.bytes);
    EXPECT_THAT(
        ParseArp(Hex(test.bytes)),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test.message)));
  }
}

TEST(ParseArpTest, WhatParsesSerializesBack) {
  Prng prng(826);
  int parsed_count = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes =
        Hex(kExamples[prng.Uniform(std::size(kExamples))].bytes);
    for (uint64_t flips = prng.Uniform(4); flips > 0; --flips) {
      bytes[prng.Uniform(bytes.size())] ^= 1 << prng.Uniform(8);
    }
    const auto packet = ParseArp(bytes);
    if (!packet.ok()) continue;
    ++parsed_count;
    ASSERT_EQ(SerializeArp(*packet), bytes) << "run " << i;
  }
  EXPECT_GT(parsed_count, 5000);
  EXPECT_LT(parsed_count, 19000);
}

TEST(ArpFrameTest, GoesFromTheSenderAndIsPadded) {
  const std::vector<uint8_t> bytes =
      ArpFrame(kBroadcastMac, kExamples[0].packet);
  const auto frame = ParseEthernet(bytes);
  ASSERT_THAT(frame, IsOk());
  EXPECT_EQ(frame->header,
            (EthernetHeader{kBroadcastMac, kHostA, kEtherTypeArp}));
  EXPECT_EQ(bytes.size(), kEthernetFrameSizeMin);
  EXPECT_THAT(ParseArp(frame->payload), IsOkAndHolds(kExamples[0].packet));
}

}  // namespace
}  // namespace lb::net
