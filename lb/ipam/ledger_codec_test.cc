#include "lb/ipam/ledger_codec.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::ipam {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Record> SomeRecords(int count = 3) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) {
    Record record = {.service = fmt::format("default/web-{:06}", i),
                     .generation = 7,
                     .changed = {1'700'000'000'000'000 + i, "node-a"}};
    if (i % 3 != 2) {
      record.claims = {{net::IpAddress::Ipv4(0x0a000001 + i),
                        "first-pool",
                        {1'600'000'000'000'000, "node-b"}},
                       {net::IpAddress::Ipv6(absl::MakeUint128(1, i)),
                        "second-pool",
                        {1'600'000'000'000'001, "node-b"}}};
    }
    record.freed = {{net::IpAddress::Ipv4(0x0a010001 + i), 5},
                    {net::IpAddress::Ipv6(absl::MakeUint128(2, i)), 6}};
    record.provisional = i % 2 == 1;
    records.push_back(record);
  }
  return records;
}

// The formats are protocol: nodes of every release must read these bytes.
const Record kKnownRecord = {
    .service = "s",
    .generation = 3,
    .changed = {5, "n"},
    .claims = {{net::IpAddress::Ipv4(0x0a000001), "p", {4, "m"}}},
    .freed = {{net::IpAddress::Ipv4(0x0a000002), 6}},
    .provisional = true};
constexpr char kKnownMessage[] =
    "4c424c4d01"
    "0801"
    "122a"
    "0a0173"
    "1003"
    "1a05"
    "0805"
    "12016e"
    "2210"
    "0a040a000001"
    "120170"
    "1a05"
    "0804"
    "12016d"
    "2a08"
    "0a040a000002"
    "1006"
    "3001";
constexpr char kKnownFile[] =
    "4c424c4601"
    "0000000000000029"
    "0000000000000007"
    "122a"
    "0a0173"
    "1003"
    "1a05"
    "0805"
    "12016e"
    "2210"
    "0a040a000001"
    "120170"
    "1a05"
    "0804"
    "12016d"
    "2a08"
    "0a040a000002"
    "1006"
    "3001"
    "0801"
    "20a54d3eba63722f8a96298a65b181f3f8f3cfc562617e58efe331d4b5aa5843"
    "000000000000006b";

TEST(LedgerMessageTest, HasTheseBytes) {
  const std::string bytes = absl::HexStringToBytes(kKnownMessage);
  EXPECT_EQ(SerializeMessage({kKnownRecord}), bytes);
  EXPECT_THAT(ParseMessage(bytes),
              IsOkAndHolds(testing::ElementsAre(kKnownRecord)));
  EXPECT_THAT(SplitForGossip({kKnownRecord}, 1400).messages,
              testing::ElementsAre(bytes));
}

TEST(LedgerFileTest, HasTheseBytes) {
  const std::string bytes = absl::HexStringToBytes(kKnownFile);
  EXPECT_EQ(SerializeFile({.generation = 41,
                           .written_at = absl::FromUnixMicros(7),
                           .records = {kKnownRecord}}),
            bytes);
  const auto file = ParseFile(bytes);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(file->records, testing::ElementsAre(kKnownRecord));
}

TEST(LedgerMessageTest, WhatIsParsedIsWhatWasSerialized) {
  for (const int count : {0, 1, 3, 100}) {
    EXPECT_THAT(ParseMessage(SerializeMessage(SomeRecords(count))),
                IsOkAndHolds(SomeRecords(count)));
  }
}

TEST(LedgerMessageTest, TheSameRecordsGiveTheSameBytes) {
  std::vector<Record> records = SomeRecords(20);
  const std::string want = SerializeMessage(records);
  Prng prng(1);
  for (int i = 0; i < 10; ++i) {
    prng.Shuffle(absl::MakeSpan(records));
    EXPECT_EQ(SerializeMessage(records), want);
  }
}

TEST(LedgerMessageTest, RejectsEveryTruncation) {
  const std::string bytes = SerializeMessage(SomeRecords());
  ASSERT_THAT(ParseMessage(bytes), IsOk());
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    EXPECT_THAT(ParseMessage(std::string_view(bytes).substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

// A message has no checksum: a changed byte may mean something else, but what
// is accepted is valid, and goes through again.
TEST(LedgerMessageTest, AcceptsOnlyValidRecordsWhateverByteChanges) {
  const std::string good = SerializeMessage(SomeRecords());
  for (size_t i = 0; i < good.size(); ++i) {
    for (const uint8_t change : {0x01, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      const auto records = ParseMessage(bytes);
      if (!records.ok()) continue;
      for (const Record& record : *records) {
        EXPECT_THAT(Validate(record), IsOk());
      }
      EXPECT_THAT(ParseMessage(SerializeMessage(*records)), IsOk());
    }
  }
}

TEST(LedgerMessageTest, TellsForeignBytesApart) {
  EXPECT_TRUE(IsLedgerMessage(SerializeMessage({})));
  for (const std::string_view foreign :
       {"", "LBL", "LBLF\x01", "alertmanager", "\x0a\x02\x08\x01"}) {
    EXPECT_FALSE(IsLedgerMessage(foreign));
    EXPECT_THAT(ParseMessage(foreign),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("without the magic LBLM")));
  }
  std::string newer = SerializeMessage(SomeRecords());
  newer[4] = 2;
  EXPECT_THAT(ParseMessage(newer),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("format version 2, want 1")));
}

TEST(LedgerMessageTest, RefusesAnOversizedMessageUnread) {
  std::string bytes = SerializeMessage({});
  bytes.resize(kMessageSizeMax + 1);
  EXPECT_THAT(ParseMessage(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("want at most 268435456")));
}

TEST(LedgerMessageTest, RefusesAnOversizedRecordUnread) {
  const std::string head = SerializeMessage({});
  // Field 2 (records), 16385 bytes long.
  const std::string bytes =
      head + "\x12\x81\x80\x01" + std::string(16385, '\0');
  EXPECT_THAT(ParseMessage(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("record of 16385 bytes, want at most 16384")));
}

TEST(LedgerMessageTest, ARecordAtAllItsLimitsFits) {
  const std::string name(kNameSizeMax, 'a');
  Record record = {.service = name,
                   .generation = kGenerationMax,
                   .changed = {std::numeric_limits<int64_t>::max(), name}};
  for (size_t i = 0; i < kClaimsMax; ++i) {
    record.claims.push_back(
        {net::IpAddress::Ipv6(absl::MakeUint128(1, i)), name, record.changed});
  }
  EXPECT_THAT(ParseMessage(SerializeMessage({record})),
              IsOkAndHolds(testing::ElementsAre(record)));
}

TEST(LedgerMessageTest, PassesOverFieldsOfLaterVersions) {
  // Field 15, of two bytes.
  EXPECT_THAT(ParseMessage(SerializeMessage(SomeRecords()) + "\x7a\x02hi"),
              IsOkAndHolds(SomeRecords()));
}

TEST(LedgerMessageTest, RefusedMessagesAreCounted) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.MergeMessage("foreign"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(ledger.counters().messages_refused, 1);
  EXPECT_THAT(ledger.MergeMessage(SerializeMessage(SomeRecords())),
              IsOkAndHolds(SizeIs(3)));
}

TEST(SplitForGossipTest, ChunksFitAndHoldEverythingOnce) {
  const std::vector<Record> records = SomeRecords(50);
  for (const size_t bytes_max : {200, 400, 512, 1400, 65507}) {
    SCOPED_TRACE(bytes_max);
    const GossipChunks chunks = SplitForGossip(records, bytes_max);
    EXPECT_EQ(chunks.left_out, 0);
    std::vector<Record> together;
    for (const std::string& message : chunks.messages) {
      EXPECT_LE(message.size(), bytes_max);
      const auto part = ParseMessage(message);
      ASSERT_THAT(part, IsOk());
      EXPECT_THAT(*part, testing::Not(IsEmpty()));
      together.insert(together.end(), part->begin(), part->end());
    }
    EXPECT_EQ(together, records);
  }
  EXPECT_THAT(SplitForGossip(records, 65507).messages, SizeIs(1));
  EXPECT_THAT(SplitForGossip({}, 1400).messages, IsEmpty());
}

TEST(SplitForGossipTest, LeavesOutWhatNeverFits) {
  std::vector<Record> records = SomeRecords(3);
  records[1].claims[0].pool = std::string(300, 'p');
  const GossipChunks chunks = SplitForGossip(records, 200);
  EXPECT_EQ(chunks.left_out, 1);
  EXPECT_THAT(chunks.messages, testing::Not(IsEmpty()));
  EXPECT_EQ(SplitForGossip(records, 0).left_out, 3);
}

LedgerFile SomeFile() {
  return {.generation = 41,
          .written_at = absl::FromUnixMicros(1'700'000'000'123'456),
          .records = SomeRecords()};
}

TEST(LedgerFileTest, WhatIsParsedIsWhatWasSerialized) {
  const auto file = ParseFile(SerializeFile(SomeFile()));
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->generation, SomeFile().generation);
  EXPECT_EQ(file->written_at, SomeFile().written_at);
  EXPECT_EQ(file->records, SomeFile().records);
  EXPECT_EQ(SerializeFile(*file), SerializeFile(SomeFile()));
}

TEST(LedgerFileTest, RejectsEveryTruncation) {
  const std::string bytes = SerializeFile(SomeFile());
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    EXPECT_THAT(ParseFile(std::string_view(bytes).substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cut short")));
  }
  EXPECT_THAT(ParseFile(bytes + "x"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("or grown")));
}

TEST(LedgerFileTest, RejectsEveryCorruption) {
  const std::string good = SerializeFile(SomeFile());
  for (size_t i = 0; i < good.size(); ++i) {
    SCOPED_TRACE(fmt::format("byte {}", i));
    for (const uint8_t change : {0x01, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      EXPECT_THAT(ParseFile(bytes), StatusIs(absl::StatusCode::kDataLoss));
    }
  }
  std::string bytes = good;
  bytes[good.size() / 2] ^= 1;
  EXPECT_THAT(ParseFile(bytes),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("ledger file: checksum differs")));
}

}  // namespace
}  // namespace lb::ipam
