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
    if (write_error.ok()) values[name] = std::move(value);
    on_written(write_error);
  }

  std::map<std::string, std::string> values;
  std::string last_name;  // That was to be written.
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
  EXPECT_THAT(files_.values, SizeIs(2));
}

TEST_F(LedgerStoreTest, ADamagedNewestLeavesTheOneBefore) {
  LedgerStore store(&files_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  files_.values.at("ledger.0").resize(20);
  LedgerStore again(&files_);
  const RestoredLedger restored = again.Restore();
  EXPECT_EQ(restored.generation, 1);
  EXPECT_EQ(RestoredAddress(restored), "10.0.0.1");
  EXPECT_THAT(restored.refused,
              ElementsAre(StatusIs(absl::StatusCode::kDataLoss,
                                   HasSubstr("ledger.0: ledger file: cut"))));
  // The next generation replaces the damaged file, not the intact one.
  EXPECT_THAT(ChangeAndSave(again, "10.0.0.3"), IsOk());
  const RestoredLedger last = LedgerStore(&files_).Restore();
  EXPECT_EQ(last.generation, 2);
  EXPECT_EQ(RestoredAddress(last), "10.0.0.3");
  EXPECT_THAT(last.refused, IsEmpty());
}

TEST_F(LedgerStoreTest, BothDamaged) {
  LedgerStore store(&files_);
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.1"), IsOk());
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.2"), IsOk());
  files_.values.at("ledger.0").back() ^= 1;
  files_.values.at("ledger.1") = "";
  const RestoredLedger restored = LedgerStore(&files_).Restore();
  EXPECT_EQ(restored.generation, 0);
  EXPECT_THAT(restored.records, IsEmpty());
  EXPECT_THAT(restored.refused, SizeIs(2));
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
    EXPECT_EQ(files_.last_name, "ledger.0");
  }
  files_.write_error = absl::OkStatus();
  EXPECT_THAT(ChangeAndSave(store, "10.0.0.5"), IsOk());
  EXPECT_EQ(LedgerStore(&files_).Restore().generation, 2);
}

TEST_F(LedgerStoreTest, AnUnreadableFileIsReported) {
  files_.read_error = absl::UnavailableError("input/output error");
  EXPECT_THAT(LedgerStore(&files_).Restore().refused,
              ElementsAre(StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.0: input/output error"),
                          StatusIs(absl::StatusCode::kUnavailable,
                                   "ledger.1: input/output error")));
}

}  // namespace
}  // namespace lb::ipam
