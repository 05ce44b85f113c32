#include "lb/ipam/ledger_journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kHeadSize = 13;

absl::Time At(int64_t microseconds) {
  return absl::FromUnixMicros(1'700'000'000'000'000 + microseconds);
}

// A record of one of three services in turn.
Record RecordOf(uint32_t i) {
  Record record = {.service = fmt::format("default/web-{}", i % 3),
                   .generation = i + 1,
                   .changed = {absl::ToUnixMicros(At(i)), "node-a"}};
  if (i % 4 != 3) {
    record.claims = {
        {net::IpAddress::Ipv4(0x0a000001 + i), "pool", record.changed}};
  }
  return record;
}

// The format is protocol: every release must read these bytes.
TEST(LedgerJournalBytesTest, HasTheseBytes) {
  std::string journal = SerializeJournalHead(41);
  AppendEntry({{.service = "s",
                .generation = 3,
                .changed = {5, "n"},
                .claims = {{net::IpAddress::Ipv4(0x0a000001), "p", {4, "m"}}},
                .freed = {{net::IpAddress::Ipv4(0x0a000002), 6}},
                .provisional = true}},
              absl::FromUnixMicros(7), &journal);
  EXPECT_EQ(absl::BytesToHexString(journal),
            "4c424c4a01"
            "0000000000000029"
            "00000033"
            "0000000000000007"
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
            "3001"
            "9128f0a678e3bba58c1736128d2e26d5f4370eade3f55869869b701ab567949c");
}

class LedgerJournalTest : public testing::Test {
 protected:
  // Entries of one, two, three, ... records.
  LedgerJournalTest() {
    uint32_t next = 0;
    for (uint32_t entry = 1; entry <= 4; ++entry) {
      std::vector<Record> added;
      for (uint32_t i = 0; i < entry; ++i) {
        // An entry has each service once, by name.
        added.push_back(RecordOf(3 * next++ + i % 3));
        if (added.size() == 3) break;
      }
      AppendEntry(added, At(entry), &bytes_);
      all_.insert(all_.end(), added.begin(), added.end());
      ends_.push_back(bytes_.size());
      counts_.push_back(all_.size());
    }
  }

  // Is it what a journal that ended before gave?
  void ExpectPrefix(const LedgerJournal& journal) {
    size_t entries = 0;
    while (entries < ends_.size() && ends_[entries] <= journal.intact) {
      ++entries;
    }
    const size_t count = entries == 0 ? 0 : counts_[entries - 1];
    EXPECT_EQ(journal.records,
              std::vector<Record>(
                  all_.begin(), all_.begin() + static_cast<ptrdiff_t>(count)));
    if (entries > 0) {
      EXPECT_EQ(journal.intact, ends_[entries - 1]);
      EXPECT_EQ(journal.written_at, At(static_cast<int64_t>(entries)));
      EXPECT_EQ(journal.number, 41);
    }
  }

  std::string bytes_ = SerializeJournalHead(41);
  std::vector<Record> all_;
  std::vector<size_t> ends_;    // Of entries.
  std::vector<size_t> counts_;  // Of records up to there.
};

TEST_F(LedgerJournalTest, WhatIsParsedIsWhatWasAppendedInThatOrder) {
  const LedgerJournal journal = ParseJournal(bytes_);
  EXPECT_THAT(journal.damage, IsOk());
  EXPECT_EQ(journal.number, 41);
  EXPECT_EQ(journal.records, all_);
  EXPECT_EQ(journal.written_at, At(4));
  EXPECT_EQ(journal.intact, bytes_.size());
}

TEST_F(LedgerJournalTest, AHeadAloneIsAJournal) {
  const LedgerJournal journal = ParseJournal(SerializeJournalHead(7));
  EXPECT_THAT(journal.damage, IsOk());
  EXPECT_EQ(journal.number, 7);
  EXPECT_THAT(journal.records, IsEmpty());
  EXPECT_EQ(journal.written_at, absl::InfinitePast());
  EXPECT_EQ(journal.intact, kHeadSize);
}

TEST_F(LedgerJournalTest, EveryTruncationReadsAsAPrefix) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    const LedgerJournal journal =
        ParseJournal(std::string_view(bytes_).substr(0, size));
    ExpectPrefix(journal);
    const bool at_end = size == journal.intact && size >= kHeadSize;
    if (at_end) {
      EXPECT_THAT(journal.damage, IsOk());
    } else {
      EXPECT_THAT(journal.damage, StatusIs(absl::StatusCode::kDataLoss,
                                           HasSubstr("cut short")));
    }
  }
}

TEST_F(LedgerJournalTest, EveryChangedByteEndsIt) {
  for (size_t i = 0; i < bytes_.size(); ++i) {
    for (const uint8_t change : {0x01, 0x80, 0xff}) {
      SCOPED_TRACE(fmt::format("byte {}", i));
      std::string bytes = bytes_;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      const LedgerJournal journal = ParseJournal(bytes);
      EXPECT_THAT(journal.damage, StatusIs(absl::StatusCode::kDataLoss,
                                           HasSubstr("ledger journal: ")));
      EXPECT_LE(journal.intact, i < kHeadSize ? kHeadSize : i);
      ExpectPrefix(journal);
    }
  }
}

TEST_F(LedgerJournalTest, NamesWhatIsWrong) {
  const auto why = [](std::string_view bytes) {
    return std::string(ParseJournal(bytes).damage.message());
  };
  EXPECT_THAT(why("LBL"), HasSubstr("cut short: 3 bytes, want at least 13"));
  EXPECT_THAT(why("LBLF456789012345"), HasSubstr("no magic LBLJ"));
  std::string newer = bytes_;
  newer[4] = 2;
  EXPECT_THAT(why(newer), HasSubstr("format version 2, want 1"));
  std::string damaged = bytes_;
  damaged[ends_[1] + 20] ^= 1;
  EXPECT_THAT(why(damaged), HasSubstr("entry 3: checksum differs"));
}

// An entry of another journal is none of this one.
TEST_F(LedgerJournalTest, EntriesBelongToTheirHead) {
  const std::string entries = bytes_.substr(kHeadSize);
  const LedgerJournal journal =
      ParseJournal(SerializeJournalHead(42) + entries);
  EXPECT_THAT(journal.records, IsEmpty());
  EXPECT_FALSE(journal.damage.ok());
}

}  // namespace
}  // namespace lb::ipam
