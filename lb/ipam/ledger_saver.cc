#include "lb/ipam/ledger_saver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "lb/io/turn_cause.h"

namespace lb::ipam {

LedgerSaver::LedgerSaver(std::string node, const io::StatePorts& ports,
                         Ledger* ledger, OnWritten on_written)
    : node_(std::move(node)),
      ports_(ports),
      ledger_(ledger),
      on_written_(std::move(on_written)),
      store_(ports.state) {}

std::vector<Record> LedgerSaver::Restore() {
  RestoredLedger restored = store_.Restore();
  for (const absl::Status& refused : restored.refused) {
    ports_.log->Record({.time = ports_.loop->CivilNow(),
                        .type = EventType::kWarning,
                        .reason = "StateRefused",
                        .object = {EventObject::kNode, node_},
                        .message = std::string(refused.message())});
  }
  const absl::Duration age = ports_.loop->CivilNow() - restored.written_at;
  if (age < kTombstoneLifetime) {
    ledger_->Merge(std::exchange(restored.records, {}));
    store_.Continue(*ledger_);
  }
  saved_version_ = saving_version_ = told_version_ = ledger_->version();
  return std::move(restored.records);
}

void LedgerSaver::NoteProposal(const std::string& service) {
  unsaved_[service] = {ledger_->version(), ports_.loop->Now()};
}

bool LedgerSaver::HoldsBack(const std::string& service, absl::Time now) {
  held_back_.erase(service);
  const auto unsaved = unsaved_.find(service);
  if (unsaved == unsaved_.end() || !error_.ok()) return false;
  const absl::Time late_at = unsaved->second.since + kHoldBackMax;
  if (now >= late_at) return false;
  if (held_back_.empty()) late_at_ = late_at;
  held_back_.insert(service);
  return true;
}

void LedgerSaver::TakeLate(absl::Time now, Services* late) {
  if (now >= late_at_) late->merge(std::exchange(held_back_, {}));
}

std::vector<std::string> LedgerSaver::Save() {
  const io::TurnCause cause(ports_.loop, "saves the ledger");
  if (ledger_->version() == saving_version_) return {};
  std::vector<std::string> forgotten = DropOldTombstones();
  saving_version_ = ledger_->version();
  store_.Save(*ledger_, ports_.loop->CivilNow(),
              [this, version = saving_version_](absl::Status status) {
                OnSave(version, std::move(status));
              });
  return forgotten;
}

std::vector<std::string> LedgerSaver::DropOldTombstones() {
  return ledger_->DropOldTombstones(ports_.loop->CivilNow(), saved_version_);
}

void LedgerSaver::OnSave(uint64_t version, absl::Status status) {
  Services concerned;
  if (status != error_) {
    Report(status);
    for (const auto& [service, proposed] : unsaved_) concerned.insert(service);
  }
  error_ = std::move(status);
  if (!error_.ok()) {
    saving_version_ = saved_version_;  // For the next Save().
  } else {
    saved_version_ = std::max(saved_version_, version);
    concerned.merge(TakeSaved());
  }
  on_written_(std::move(concerned));
}

void LedgerSaver::Report(const absl::Status& status) {
  ports_.log->Record(
      {.time = ports_.loop->CivilNow(),
       .type = status.ok() ? EventType::kNormal : EventType::kWarning,
       .reason = status.ok() ? "StateSaved" : "StateUnsaved",
       .object = {EventObject::kNode, node_},
       .message = fmt::format(
           "state-dir: {}",
           status.ok() ? "is written again" : std::string(status.message()))});
}

LedgerSaver::Services LedgerSaver::TakeSaved() {
  Services saved;
  std::erase_if(unsaved_, [&](const auto& proposal) {
    if (proposal.second.version > saved_version_) return false;
    saved.insert(saved.end(), proposal.first);
    return true;
  });
  return saved;
}

void LedgerSaver::Await(OnSaved on_saved) {
  waiting_.emplace_back(ledger_->version(), std::move(on_saved));
}

void LedgerSaver::AnswerWaiting() {
  for (auto& [version, on_saved] : std::exchange(waiting_, {})) {
    if (error_.ok() && version > saved_version_) {
      waiting_.emplace_back(version, std::move(on_saved));
    } else {
      on_saved(error_);
    }
  }
}

std::vector<Record> LedgerSaver::SavedRecords() const {
  std::vector<Record> saved = ledger_->AllRecords();
  std::erase_if(
      saved, [&](const Record& record) { return IsUnsaved(record.service); });
  return saved;
}

std::vector<Record> LedgerSaver::TakeNews() {
  if (told_version_ >= saved_version_) return {};
  std::vector<Record> own;
  for (Record& record : ledger_->RecordsSince(told_version_)) {
    if (record.changed.author == node_ && !IsUnsaved(record.service)) {
      own.push_back(std::move(record));
    }
  }
  told_version_ = saved_version_;
  return own;
}

}  // namespace lb::ipam
