// The frames are a Linux kernel's own (6.18), taken from a veth pair whose ends
// had keys by TCP_MD5SIG.
#include "lb/bgp/signature/tcp_segment.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp {
namespace {

using testing::HasSubstr;

constexpr char kKey[] = "the-router's";
constexpr char kSigned4[] =
    "02c31f7fcdf3 8a5f1b791daf 0800"
    "45000048 8ac34000 40069b24 0a630002 0a630001"
    "c43400b3 7c4719e6 00000000 d002faf0 15030000"
    "01011312 641e8578106e7f8e4e7c1ce6635ffa05 020405b4 01010402 0103030a";
constexpr char kPlain4[] =
    "02c31f7fcdf3 8a5f1b791daf 0800"
    "4500003c 1e0e4000 400607e6 0a630002 0a630001"
    "c43600b3 e86a5d11 00000000 a002faf0 14f70000"
    "020405b4 0402080a 6f2a6335 00000000 0103030a";
constexpr char kSigned6[] =
    "02c31f7fcdf3 8a5f1b791daf 86dd"
    "60067e35 00340640 fd000099000000000000000000000002"
    "fd000099000000000000000000000001"
    "a60000b3 89cf8d4a 00000000 d002fd20 fb700000"
    "01011312 c4449c43d4d7b7dc9c47af76ad39d92c 020405a0 01010402 0103030a";
constexpr char kPlain6[] =
    "02c31f7fcdf3 8a5f1b791daf 86dd"
    "6000bc9f 00280640 fd000099000000000000000000000002"
    "fd000099000000000000000000000001"
    "a60c00b3 6f81675c 00000000 a002fd20 fb640000"
    "020405a0 0402080a 656b8018 00000000 0103030a";
// Where the header of TCP begins in those of IPv4.
constexpr size_t kTcpAt = 34;

TEST(TcpSegmentTest, TheKernelsSignaturesAreThoseOfTheKey) {
  for (const char* const text : {kSigned4, kSigned6}) {
    const std::vector<uint8_t> frame = net::Hex(text);
    const auto segment = ParseTcpSegment(frame);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_TRUE(segment->syn);
    EXPECT_EQ(segment->destination.port, 179);
    ASSERT_TRUE(segment->signature);
    EXPECT_TRUE(IsSignedWith(*segment, kKey));
    EXPECT_FALSE(IsSignedWith(*segment, "the-routers"));
    EXPECT_FALSE(IsSignedWith(*segment, ""));
  }
}

TEST(TcpSegmentTest, WhatHasNoOptionIsNotSigned) {
  for (const char* const text : {kPlain4, kPlain6}) {
    const std::vector<uint8_t> frame = net::Hex(text);
    const auto segment = ParseTcpSegment(frame);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_TRUE(segment->syn);
    EXPECT_FALSE(segment->signature);
    EXPECT_FALSE(IsSignedWith(*segment, kKey));
    EXPECT_FALSE(IsSignedWith(*segment, ""));
  }
}

TEST(TcpSegmentTest, AFrameHasItsEnds) {
  const std::vector<uint8_t> frame = net::Hex(kSigned4);
  const auto segment = ParseTcpSegment(frame);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->source.ToString(), "10.99.0.2:50228");
  EXPECT_EQ(segment->destination.ToString(), "10.99.0.1:179");
  EXPECT_EQ(segment->bytes.size(), 52u);
}

TEST(TcpSegmentTest, PaddingIsNoPartOfIt) {
  std::vector<uint8_t> frame = net::Hex(kSigned4);
  frame.resize(frame.size() + 8, 0xee);
  const auto segment = ParseTcpSegment(frame);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->bytes.size(), 52u);
  EXPECT_TRUE(IsSignedWith(*segment, kKey));
}

// A signature covers all but the options and the checksum.
TEST(TcpSegmentTest, EachSignedByteCounts) {
  const std::vector<uint8_t> frame = net::Hex(kSigned4);
  const auto is_signed_with = [&](size_t at) {
    std::vector<uint8_t> changed = frame;
    changed[at] ^= 1;
    const auto segment = ParseTcpSegment(changed);
    return segment.ok() && IsSignedWith(*segment, kKey);
  };
  for (size_t at = 26; at < kTcpAt; ++at) {
    EXPECT_FALSE(is_signed_with(at)) << "address, byte " << at;
  }
  for (size_t at = kTcpAt; at < kTcpAt + 20; ++at) {
    const bool is_checksum = at == kTcpAt + 16 || at == kTcpAt + 17;
    EXPECT_EQ(is_signed_with(at), is_checksum) << "header, byte " << at;
  }
  EXPECT_TRUE(is_signed_with(frame.size() - 1)) << "an option";
}

TEST(TcpSegmentTest, WhatIsCutShortIsRefused) {
  for (const char* const text : {kSigned4, kPlain4, kSigned6, kPlain6}) {
    const std::vector<uint8_t> frame = net::Hex(text);
    for (size_t size = 0; size < frame.size(); ++size) {
      const std::vector<uint8_t> cut(frame.begin(), frame.begin() + size);
      EXPECT_FALSE(ParseTcpSegment(cut).ok()) << size << " of " << text;
    }
  }
}

TEST(TcpSegmentTest, WhatBreaksARuleIsRefusedByName) {
  struct Row {
    const char* frame;
    size_t at;
    uint8_t value;
    absl::StatusCode code;
    const char* text;
  };
  constexpr auto kBroken = absl::StatusCode::kInvalidArgument;
  constexpr auto kOther = absl::StatusCode::kUnimplemented;
  const Row rows[] = {
      {kSigned4, 12, 0x86, kOther, "type 0x8600"},
      {kSigned4, 14, 0x55, kBroken, "IPv4 version: 5, want 4"},
      {kSigned4, 14, 0x44, kBroken, "IPv4 lengths"},
      {kSigned4, 14, 0x4f, kBroken, "TCP header: cut short"},
      {kSigned4, 17, 0x49, kBroken, "IPv4 lengths: 73, want 20 (the header)"},
      {kSigned4, 17, 0x13, kBroken, "IPv4 lengths: 19"},
      {kSigned4, 20, 0x20, kOther, "a fragment"},
      {kSigned4, 21, 0x01, kOther, "a fragment"},
      {kSigned4, 23, 17, kOther, "protocol 17, want a TCP segment"},
      {kSigned4, kTcpAt + 12, 0x40, kBroken, "TCP data offset: 16, want 20"},
      {kSigned4, kTcpAt + 12, 0xe0, kBroken, "TCP data offset: 56, want 20"},
      {kSigned4, kTcpAt + 23, 17, kBroken, "option 19: 17, want 18"},
      {kSigned4, kTcpAt + 23, 0, kBroken, "option 19: 0, want 2"},
      {kSigned4, kTcpAt + 23, 1, kBroken, "option 19: 1, want 2"},
      {kSigned4, kTcpAt + 23, 200, kBroken, "option 19: 200, want 2"},
      {kSigned6, 14, 0x50, kBroken, "IPv6 version: 5, want 6"},
      {kSigned6, 19, 0x35, kBroken, "IPv6 payload length: 53, want at most"},
      {kSigned6, 20, 0, kOther, "next header 0, want a TCP segment"},
  };
  for (const Row& row : rows) {
    std::vector<uint8_t> frame = net::Hex(row.frame);
    frame[row.at] = row.value;
    const auto segment = ParseTcpSegment(frame);
    EXPECT_EQ(segment.status().code(), row.code) << segment.status();
    EXPECT_THAT(segment.status().message(), HasSubstr(row.text));
  }
}

TEST(TcpSegmentTest, OptionsEndWhereTheySay) {
  std::vector<uint8_t> frame = net::Hex(kSigned4);
  frame[kTcpAt + 20] = 0;  // The first of the NOPs.
  const auto segment = ParseTcpSegment(frame);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_FALSE(segment->signature);
}

TEST(TcpSegmentTest, OtherSegmentsAreNoSyn) {
  std::vector<uint8_t> frame = net::Hex(kPlain4);
  frame[kTcpAt + 13] = 0x10;
  const auto segment = ParseTcpSegment(frame);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_FALSE(segment->syn);
}

}  // namespace
}  // namespace lb::bgp
