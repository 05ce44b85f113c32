#include "lb/election/tenure_codec.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<Tenure> SomeTenures() {
  return {
      {*net::ParseIpAddress("10.0.0.1"), "node-a", 1, kNow},
      {*net::ParseIpAddress("10.0.0.2"), "", 7, absl::UnixEpoch()},
      {*net::ParseIpAddress("10.0.0.3"), "node-b", kTermMax, kNow},
      {*net::ParseIpAddress("2001:db8::10"), "node-a", 300, kNow},
      {*net::ParseIpAddress("2001:db8::11"), std::string(kNodeNameSizeMax, 'n'),
       2, absl::FromUnixSeconds(253'402'300'799)},
  };
}

std::string WithHead(std::string_view body) {
  return "LBTN\x01" + std::string(body);
}

TEST(TenureCodecTest, ReadsWhatItWrites) {
  for (size_t count = 0; count <= SomeTenures().size(); ++count) {
    std::vector<Tenure> tenures = SomeTenures();
    tenures.resize(count);
    const std::string bytes = SerializeTenures(tenures);
    EXPECT_TRUE(IsTenureMessage(bytes));
    EXPECT_THAT(ParseTenures(bytes), IsOkAndHolds(tenures));
  }
}

// The format is protocol: nodes of every release must read these bytes.
TEST(TenureCodecTest, HasTheseBytes) {
  const std::string bytes = SerializeTenures(
      {{*net::ParseIpAddress("10.0.0.1"), "n1", 3, absl::FromUnixSeconds(5)},
       {*net::ParseIpAddress("10.0.0.2"), "", 4, absl::FromUnixSeconds(6)}});
  EXPECT_EQ(bytes,
            WithHead(std::string_view(
                "\x08\x02"
                "\x12\x02n1"
                "\x1a\x0c\x0a\x04\x0a\x00\x00\x01\x10\x01\x18\x03\x20\x05"
                "\x1a\x0a\x0a\x04\x0a\x00\x00\x02\x18\x04\x20\x06",
                32)));
}

TEST(TenureCodecTest, RefusesEveryTruncation) {
  const std::string bytes = SerializeTenures(SomeTenures());
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    EXPECT_THAT(ParseTenures(std::string_view(bytes).substr(0, size)),
                StatusIs(kInvalid));
  }
}

struct HostileCase {
  std::string bytes;
  std::string message;
};

const HostileCase kHostile[] = {
    {"", "tenures: 0 bytes without the magic LBTN"},
    {"LBTN", "tenures: 4 bytes without the magic LBTN"},
    {"LBLM\x01", "tenures: 5 bytes without the magic LBTN"},
    {"LBTN\x02", "tenures: format version 2, want 1"},
    {"LBTN\xff", "tenures: format version 255, want 1"},
    // No tenure_count.
    {WithHead(""), "malformed"},
    {WithHead("\x08\x03"), "tenures: 0, want 3 as it says"},
    // Counts and lengths that lie.
    {WithHead("\x08\xff\xff\xff\xff\x0f"), "tenures: 0, want 4294967295"},
    {WithHead("\x08\x01\x1a\x7f"), "malformed"},
    {WithHead("\x08\x01\x1a\xff\xff\xff\xff\x0f"), "malformed"},
    {WithHead("\x08\x01\x12\xff\xff\xff\xff\x0f"),
     "node name of 4294967295 bytes, want 1..253"},
    {WithHead(std::string_view("\x08\x01\x12\x00", 4)),
     "node name of 0 bytes, want 1..253"},
    {WithHead("\x08\x01\x12\x04n1"), "malformed"},
    // An address of three bytes; none at all.
    {WithHead("\x08\x01\x1a\x07\x0a\x03\x01\x02\x03\x18\x01"),
     "IP address: 3 bytes, want 4 or 16"},
    {WithHead("\x08\x01\x1a\x02\x18\x01"), "IP address: 0 bytes"},
    // A node that the message does not name, or names only later.
    {WithHead("\x08\x01\x1a\x0a\x0a\x04\x01\x02\x03\x04\x10\x01\x18\x01"),
     "tenure of 1.2.3.4: node 1, want at most 0"},
    {WithHead("\x08\x01\x1a\x0a\x0a\x04\x01\x02\x03\x04\x10\x01\x18\x01"
              "\x12\x02n1"),
     "tenure of 1.2.3.4: node 1, want at most 0"},
    {WithHead("\x08\x01\x12\x02n \x1a\x0a\x0a\x04\x01\x02\x03\x04\x10\x01"
              "\x18\x01"),
     "tenure of 1.2.3.4: node name of 2 bytes, want at most 253 of printable "
     "ASCII"},
    // Terms 0 and 2^63, a time before 1970 and one after 9999.
    {WithHead("\x08\x01\x1a\x06\x0a\x04\x01\x02\x03\x04"),
     "tenure of 1.2.3.4: term 0, want 1..4611686018427387904"},
    {WithHead("\x08\x01\x1a\x11\x0a\x04\x01\x02\x03\x04\x18\x80\x80\x80\x80"
              "\x80\x80\x80\x80\x80\x01"),
     "tenure of 1.2.3.4: term 9223372036854775808"},
    {WithHead("\x08\x01\x1a\x13\x0a\x04\x01\x02\x03\x04\x18\x01\x20\xff\xff\xff"
              "\xff\xff\xff\xff\xff\xff\x01"),
     "tenure of 1.2.3.4: since 1969-12-31T23:59:59"},
    {WithHead("\x08\x01\x1a\x0f\x0a\x04\x01\x02\x03\x04\x18\x01\x20\x80\x9c\xe9"
              "\xff\xff\x1f"),
     "want whole seconds from 1970 to 9999"},
    // An end-of-group tag; a zero tag inside.
    {WithHead("\x08\x01\x0c"), "malformed"},
    {WithHead(std::string_view("\x08\x01\x00\x1a", 4)), "malformed"},
};

TEST(TenureCodecTest, RefusesWhatIsHostile) {
  for (const HostileCase& c : kHostile) {
    EXPECT_THAT(ParseTenures(c.bytes),
                StatusIs(kInvalid, HasSubstr(c.message)));
  }
}

TEST(TenureCodecTest, RefusesMoreThanATableHolds) {
  EXPECT_THAT(ParseTenures(WithHead(std::string(kTenureMessageSizeMax, 0))),
              StatusIs(kInvalid, HasSubstr("tenures: message of 16777221")));
  std::string nodes = "\x08\x01";
  std::string tenures = nodes;
  for (size_t i = 0; i <= kTenuresMax; ++i) {
    nodes += "\x12\x01n";
    tenures += "\x1a\x08\x0a\x04\x01\x02\x03\x04\x18\x01";
  }
  EXPECT_THAT(ParseTenures(WithHead(nodes)),
              StatusIs(kInvalid, HasSubstr("too many nodes")));
  EXPECT_THAT(ParseTenures(WithHead(tenures)),
              StatusIs(kInvalid, HasSubstr("too many tenures")));
}

TEST(TenureCodecTest, SkipsFieldsOfALaterRelease) {
  EXPECT_THAT(
      ParseTenures(WithHead("\x08\x01\xa2\x06\x02hi\x1a\x0a\x0a\x04\x01\x02\x03"
                            "\x04\x18\x01\x50\x07")),
      IsOkAndHolds(std::vector<Tenure>{
          {*net::ParseIpAddress("1.2.3.4"), "", 1, absl::UnixEpoch()}}));
}

// Any bytes: refused, or tenures that serialize to an equal message.
TEST(TenureCodecTest, WhatParsesSerializesBack) {
  const std::string bytes = SerializeTenures(SomeTenures());
  int parsed = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::string mutated = bytes;
    for (uint64_t i = 1 + prng.Uniform(3); i > 0; --i) {
      mutated[prng.Uniform(mutated.size())] =
          static_cast<char>(prng.Uniform(256));
    }
    const auto tenures = ParseTenures(mutated);
    if (!tenures.ok()) continue;
    ++parsed;
    for (const Tenure& tenure : *tenures) EXPECT_THAT(Validate(tenure), IsOk());
    EXPECT_THAT(ParseTenures(SerializeTenures(*tenures)),
                IsOkAndHolds(*tenures));
  }
  EXPECT_GT(parsed, 1000);
}

// Every size: no message is larger, and together they have all.
TEST(SplitTenuresTest, FillsMessagesOfEverySize) {
  const std::vector<Tenure> tenures = SomeTenures();
  for (size_t size_max = 0; size_max < 600; ++size_max) {
    SCOPED_TRACE(fmt::format("at most {} bytes", size_max));
    const TenureMessages split = SplitTenures(tenures, size_max);
    std::vector<Tenure> read;
    for (const std::string& message : split.messages) {
      EXPECT_LE(message.size(), size_max);
      const auto part = ParseTenures(message);
      ASSERT_THAT(part, IsOk());
      read.insert(read.end(), part->begin(), part->end());
    }
    EXPECT_EQ(read.size() + split.left_out, tenures.size());
    if (split.left_out == 0) {
      EXPECT_EQ(read, tenures);
    }
  }
  EXPECT_THAT(SplitTenures({}, 1400).messages, IsEmpty());
}

}  // namespace
}  // namespace lb::election
