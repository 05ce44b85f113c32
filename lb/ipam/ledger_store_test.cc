#include "lb/ipam/ledger_store.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

// Values in memory. Answers at once: there is no loop here.
class MemoryStore : public io::StateStore {
 public:
  absl::StatusOr<std::string> Read(const std::string& name) override {
    if (!read_error.ok()) return read_error;
    const auto found = values.find(name);
    if (found == values.end()) return absl::NotFoundError(name);
    return found->second;
  }
  void Write(const std::string& name, std::string value,
             OnWritten on_written) override {
    last_name = name;
    last_size = value.size();
    if (write_error.ok()) values[name] = std::move(value);
    on_written(write_error);
  }

  std::map<std::string, std::string> values;
  std::string last_name;  // That was to be written.
  size_t last_size = 0;   // Of its value.
  absl::Status read_error, write_error;
};

class LedgerStoreTest : public testing::Test {
 protected:
  // A change of the ledger, saved; returns how the saving went.
  absl::Status ChangeAndSave(LedgerStore& store, const std::string& address) {
    const Assignment assignment = {{{*net::ParseIpAddress(address), "a"}}};
    EXPECT_THAT(ledger_.Propose("x/1", assignment, now_), IsOk());
    absl::Status outcome = absl::UnknownError("not answered");
    store.Save(ledger_, now_,
               [&](const absl::Status& status) { outcome = status; });
    return outcome;
  }

  std::string RestoredAddress(const RestoredLedger& restored) {
    return restored.records.at(0).claims.at(0).address.ToString();
  }

  // Each journal is too long with its first entry, so that each Save() also
  // writes a whole file.
  static constexpr LedgerStoreLimits kNoJournal = {.journal_bytes = 0};

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  MemoryStore files_;
  Ledger ledger_{"n"};
};

TEST_F(LedgerStoreTest, NothingToRestore) {
  const RestoredLedger restored = LedgerStore(&files_).Restore();
  EXPECT_EQ(restored.generation, 0);
  EXPECT_THAT(restored.records, IsEmpty());
  EXPECT_THAT(restored.refused, IsEmpty());
}

TEST_F(LedgerStoreTest, RestoresTheNewestBitForBit) {
  LedgerStore store(&files_);
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    EXPECT_THAT(ChangeAndSave(store, address), IsOk());
    const RestoredLedger restored = LedgerStore(&files_).Restore();
    EXPECT_EQ(restored.records, ledger_.AllRecords());
    EXPECT_EQ(restored.written_at, now_);
    EXPECT_THAT(restored.refused, IsEmpty());
  }
  EXPECT_THAT(files_.values,
              ElementsAre(Key("ledger.1"), Key("ledger.1.journal")));
}

TEST_F(LedgerStoreTest, WritesWhatChangedAndNotTheWholeLedger) {
  LedgerStore store(&files_);
  for (int i = 0; i < 10'000; ++i) {
    const Assignment assignment = {{{net::IpAddress::Ipv4(i), "a"}}};
    ASSERT_THAT(ledger_.Propose(std::to_string(i), assignment, now_), IsOk());
  }
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_GT(files_.last_size, 400'000u);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  EXPECT_LT(files_.last_size, 200u);
  // Also after a restart.
  LedgerStore again(&files_);
  EXPECT_EQ(again.Restore().records, ledger_.AllRecords());
  again.Continue(ledger_);
  EXPECT_THAT(ChangeAndSave(again, "10.0.0.3"), IsOk());
  EXPECT_LT(files_.last_size, 400u);
  EXPECT_EQ(LedgerStore(&files_).Restore().records, ledger_.AllRecords());
}

// Most of a large ledger never comes with one Save().
TEST_F(LedgerStoreTest, TheNextWholeFileIsPutTogetherInSlices) {
  for (int i = 0; i < 1000; ++i) {
    const Assignment assignment = {{{net::IpAddress::Ipv4(i), "a"}}};
    ASSERT_THAT(ledger_.Propose(std::to_string(i), assignment, now_), IsOk());
  }
  LedgerStore store(&files_, {.journal_bytes = 1000, .slice_records = 100});
  int saves = 0;
  int since_long = 0;
  while (!files_.values.contains("ledger.0")) {
    ASSERT_THAT(ChangeAndSave(store, "10.0.0." + std::to_string(++saves)),
                IsOk());
    ASSERT_EQ(LedgerStore(&files_).Restore().records, ledger_.AllRecords());
    if (files_.values.contains("ledger.0.journal")) ++since_long;
  }
  EXPECT_EQ(since_long, 10);
  EXPECT_EQ(LedgerStore(&files_).Restore().generation, 2);
}

// As an lbd wrote it that knew no journal.
TEST_F(LedgerStoreTest, GoesOnFromAFileWithoutJournal) {
  LedgerStore before(&files_);
  EXPECT_THAT(ChangeAndSave(before, "10.0.0.1"), IsOk());
  ASSERT_THAT(files_.values, ElementsAre(Key("ledger.1")));
  LedgerStore store(&files_);
  EXPECT_EQ(store.Restore().records, ledger_.AllRecords());
  store.Continue(ledger_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  EXPECT_EQ(files_.last_name, "ledger.1.journal");
  EXPECT_EQ(RestoredAddress(LedgerStore(&files_).Restore()), "10.0.0.2");
}

// What was restored may be too old to count.
TEST_F(LedgerStoreTest, WithoutContinueTheRestoredCountsNoMore) {
  LedgerStore store(&files_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  LedgerStore again(&files_);
  EXPECT_EQ(RestoredAddress(again.Restore()), "10.0.0.2");
  ledger_ = Ledger("n");
  const Assignment assignment = {{{*net::ParseIpAddress("10.0.0.9"), "a"}}};
  ASSERT_THAT(ledger_.Propose("x/2", assignment, now_), IsOk());
  again.Save(ledger_, now_, {});
  EXPECT_EQ(files_.last_name, "ledger.0");
  EXPECT_EQ(LedgerStore(&files_).Restore().records, ledger_.AllRecords());
}

// The ledger forgot the release, so the service begins again.
TEST_F(LedgerStoreTest, ALaterRecordCountsWhateverItsGeneration) {
  LedgerStore store(&files_);
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    EXPECT_THAT(ChangeAndSave(store, address), IsOk());
  }
  EXPECT_THAT(ledger_.ProposeRelease("x/1", now_), IsOk());
  store.Save(ledger_, now_, {});
  ledger_.DropOldTombstones(now_ + 2 * kTombstoneLifetime);
  ASSERT_EQ(ledger_.size(), 0);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.4"), IsOk());
  const RestoredLedger restored = LedgerStore(&files_).Restore();
  EXPECT_EQ(restored.records.at(0).generation, 1);
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.4");
}

TEST_F(LedgerStoreTest, ADamagedNewestLeavesTheOneBeforeAndItsJournals) {
  LedgerStore store(&files_, kNoJournal);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  files_.values.at("ledger.0").resize(20);
  LedgerStore again(&files_);
  const RestoredLedger restored = again.Restore();
  EXPECT_EQ(restored.generation, 1);
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.2");
  EXPECT_THAT(restored.refused,
              ElementsAre(StatusIs(absl::StatusCode::kDataLoss,
                                   HasSubstr("ledger.0: ledger file: cut"))));
  again.Continue(ledger_);
  // The next generation replaces the damaged file, not the intact one.
  EXPECT_THAT(ChangeAndSave(again, "10.0.0.3"), IsOk());
  EXPECT_EQ(files_.last_name, "ledger.0");
  const RestoredLedger last = LedgerStore(&files_).Restore();
  EXPECT_EQ(last.generation, 4);
  EXPECT_EQ(RestoredAddress(last), "10.0.0.3");
  EXPECT_THAT(last.refused, IsEmpty());
}

TEST_F(LedgerStoreTest, ATornJournalIsReadSoFarAndWrittenOver) {
  LedgerStore store(&files_);
  for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    EXPECT_THAT(ChangeAndSave(store, address), IsOk());
  }
  files_.values.at("ledger.1.journal").pop_back();
  LedgerStore again(&files_);
  const RestoredLedger restored = again.Restore();
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.2");
  EXPECT_THAT(
      restored.refused,
      ElementsAre(StatusIs(
          absl::StatusCode::kDataLoss,
          HasSubstr("ledger.1.journal: ledger journal: entry 2: cut short"))));
  again.Continue(ledger_);
  EXPECT_THAT(ChangeAndSave(again, "10.0.0.4"), IsOk());
  const RestoredLedger last = LedgerStore(&files_).Restore();
  EXPECT_EQ(RestoredAddress(last), "10.0.0.4");
  EXPECT_EQ(last.generation, 2);
}

TEST_F(LedgerStoreTest, BothDamaged) {
  LedgerStore store(&files_, kNoJournal);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  files_.values.at("ledger.0").back() ^= 1;
  files_.values.at("ledger.1") = "";
  LedgerStore again(&files_);
  RestoredLedger restored = again.Restore();
  EXPECT_EQ(restored.generation, 0);
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.2");  // Of the journal.
  EXPECT_THAT(restored.refused, SizeIs(2));
  files_.values.at("ledger.0.journal") = "";
  restored = again.Restore();
  EXPECT_THAT(restored.records, IsEmpty());
  EXPECT_THAT(restored.refused, SizeIs(3));
}

TEST_F(LedgerStoreTest, AFailedWriteLeavesTheOneBefore) {
  LedgerStore store(&files_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  files_.write_error = absl::ResourceExhaustedError("disk full");
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(RestoredAddress(LedgerStore(&files_).Restore()), "10.0.0.1");
}

// The intact generation is never written over, and what is said of a full disk
// stays the same with every try.
TEST_F(LedgerStoreTest, AFailedWriteIsTriedAgainInTheSameFile) {
  LedgerStore store(&files_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  files_.write_error = absl::ResourceExhaustedError("disk full");
  for (const char* address : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
    EXPECT_FALSE(ChangeAndSave(store, address).ok());
    EXPECT_EQ(files_.last_name, "ledger.1.journal");
  }
  files_.write_error = absl::OkStatus();
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.5"), IsOk());
  EXPECT_EQ(RestoredAddress(LedgerStore(&files_).Restore()), "10.0.0.5");
}

// Also the next whole file, when the journal is long.
TEST_F(LedgerStoreTest, AFailedWholeFileIsTriedAgainInTheSameFile) {
  LedgerStore store(&files_, kNoJournal);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  files_.write_error = absl::ResourceExhaustedError("disk full");
  for (const char* address : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
    EXPECT_FALSE(ChangeAndSave(store, address).ok());
    EXPECT_EQ(files_.last_name, "ledger.0");
  }
  files_.write_error = absl::OkStatus();
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.5"), IsOk());
  // The next number of that file: a journal of the first try may be there.
  const RestoredLedger restored = LedgerStore(&files_).Restore();
  EXPECT_EQ(restored.generation, 4);
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.5");
}

TEST_F(LedgerStoreTest, AnUnreadableFileIsReported) {
  files_.read_error = absl::UnavailableError("input/output error");
  EXPECT_THAT(LedgerStore(&files_).Restore().refused,
              ElementsAre(StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.0: input/output error"),
                          StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.1: input/output error"),
                          StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.0.journal: input/output error"),
                          StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.1.journal: input/output error")));
}

}  // namespace
}  // namespace lb::ipam
