#include "lb/ipam/ledger_store.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"

namespace lb::ipam {
namespace {

constexpr int kFiles = 2;

std::string NameOf(uint64_t generation) {
  return fmt::format("ledger.{}", generation % kFiles);
}

std::string JournalNameOf(uint64_t number) {
  return NameOf(number) + ".journal";
}

// The first after `newest` that takes the place of no file that counts, which
// is that of generation `base`.
uint64_t NextGeneration(uint64_t newest, uint64_t base) {
  const uint64_t next = newest + 1;
  return base != 0 && next % kFiles == base % kFiles ? next + 1 : next;
}

}  // namespace

RestoredLedger LedgerStore::Restore() {
  RestoredLedger restored = {.written_at = absl::UnixEpoch()};
  for (int i = 0; i < kFiles; ++i) {
    const absl::Status read = RestoreFile(NameOf(i), &restored);
    if (!read.ok()) restored.refused.push_back(Prefixed(NameOf(i), read));
  }
  base_ = number_ = restored.generation;
  RestoreJournals(&restored);
  is_intact_ = restored.refused.empty() && base_ != 0 && number_ <= base_ + 1;
  return restored;
}

absl::Status LedgerStore::RestoreFile(const std::string& name,
                                      RestoredLedger* restored) {
  const absl::StatusOr<std::string> bytes = store_->Read(name);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  LB_RETURN_IF_ERROR(bytes.status());
  LB_ASSIGN_OR_RETURN(LedgerFile file, ParseFile(*bytes));
  if (file.generation > restored->generation) {
    restored->generation = file.generation;
    restored->written_at = file.written_at;
    restored->records = std::move(file.records);
  }
  return absl::OkStatus();
}

void LedgerStore::RestoreJournals(RestoredLedger* restored) {
  std::map<uint64_t, std::pair<LedgerJournal, std::string>> journals;
  for (int i = 0; i < kFiles; ++i) {
    const std::string name = JournalNameOf(i);
    absl::StatusOr<std::string> bytes = store_->Read(name);
    if (absl::IsNotFound(bytes.status())) continue;
    LedgerJournal journal;
    journal.damage = bytes.status();
    if (bytes.ok()) journal = ParseJournal(*bytes);
    if (!journal.damage.ok()) {
      restored->refused.push_back(Prefixed(name, journal.damage));
    }
    if (journal.intact == 0 || journal.number < base_) continue;
    bytes->resize(journal.intact);
    const uint64_t number = journal.number;
    journals[number] = {std::move(journal), *std::move(bytes)};
  }
  if (journals.empty()) return;
  std::map<std::string, Record> records;
  for (Record& record : restored->records) {
    records.insert_or_assign(record.service, std::move(record));
  }
  for (auto& [number, journal] : journals) {
    restored->written_at =
        std::max(restored->written_at, journal.first.written_at);
    for (Record& record : journal.first.records) {
      std::string service = record.service;
      records.insert_or_assign(std::move(service), std::move(record));
    }
    number_ = number;
    journal_ = std::move(journal.second);
  }
  restored->records.clear();
  for (auto& [service, record] : records) {
    restored->records.push_back(std::move(record));
  }
}

void LedgerStore::Continue(const Ledger& ledger) {
  if (!is_intact_) return;
  stage_ = Stage::kFollows;
  version_ = saved_version_ = ledger.version();
}

void LedgerStore::Save(const Ledger& ledger, absl::Time now,
                       io::StateStore::OnWritten on_written) {
  const bool is_long = journal_.size() >= limits_.journal_bytes;
  // Without a whole file the journal would grow for ever.
  const bool is_stuck = is_long && base_ != number_ && !next_error_.ok();
  if (stage_ == Stage::kRestored || is_stuck) {
    stage_ = Stage::kWhole;
    number_ = NextGeneration(number_, base_);  // No journal on disk follows it.
    journal_.clear();
    next_.reset();
    next_error_ = absl::OkStatus();
  }
  if (stage_ == Stage::kWhole) {
    return WriteWhole(ledger, now, std::move(on_written));
  }
  if (is_long && base_ == number_) {
    ++number_;
    journal_.clear();
    version_ = saved_version_;  // What is on its way is in both.
  }
  const size_t changed = WriteJournal(ledger, now, std::move(on_written));
  if (base_ == number_ || writing_next_) return;
  AddToNext(ledger, now,
            limits_.slice_records + limits_.slice_records_per_change * changed);
}

void LedgerStore::WriteWhole(const Ledger& ledger, absl::Time now,
                             io::StateStore::OnWritten on_written) {
  store_->Write(NameOf(number_),
                SerializeFile({.generation = number_,
                               .written_at = now,
                               .records = ledger.AllRecords()}),
                [this, number = number_, version = ledger.version(),
                 on_written = std::move(on_written)](
                    const absl::Status& written) mutable {
                  if (written.ok() && base_ != number) {
                    stage_ = Stage::kFollows;
                    base_ = number;
                    version_ = saved_version_ = version;
                  }
                  if (on_written) on_written(written);
                });
}

size_t LedgerStore::WriteJournal(const Ledger& ledger, absl::Time now,
                                 io::StateStore::OnWritten on_written) {
  const std::vector<Record> changed = ledger.RecordsSince(version_);
  if (journal_.empty()) journal_ = SerializeJournalHead(number_);
  if (!changed.empty()) AppendEntry(changed, now, &journal_);
  version_ = ledger.version();
  store_->Write(JournalNameOf(number_), journal_,
                [this, version = version_, on_written = std::move(on_written)](
                    const absl::Status& written) mutable {
                  if (written.ok()) {
                    saved_version_ = std::max(saved_version_, version);
                  }
                  if (on_written) on_written(written);
                });
  return changed.size();
}

void LedgerStore::AddToNext(const Ledger& ledger, absl::Time now,
                            size_t records_max) {
  if (!next_) {
    next_.emplace(number_, now);
    next_after_.clear();
  }
  const std::vector<Record> records =
      ledger.RecordsAfter(next_after_, records_max);
  next_->Add(records);
  if (records.size() == records_max) {
    next_after_ = records.back().service;
    return;
  }
  std::string file = std::move(*next_).Finish();
  next_.reset();
  writing_next_ = true;
  store_->Write(NameOf(number_), std::move(file),
                [this, number = number_](const absl::Status& written) {
                  writing_next_ = false;
                  next_error_ = written;
                  if (written.ok()) base_ = std::max(base_, number);
                });
}

}  // namespace lb::ipam
