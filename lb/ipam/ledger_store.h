// LedgerStore: keeps a ledger in an injected StateStore, at a cost that goes
// with what changed.
//
// A generation is a whole file ("ledger.0" and "ledger.1" in turn) and a
// journal of what changed since ("ledger.0.journal", ledger_journal.h). Once
// the journal is long, the next journal begins, and with each Save() a slice of
// the next whole file is put together. Until that one is on disk, the file and
// the two journals together are the ledger. A damaged newest file leaves the
// one before it and both journals; a write that fails is tried again in the
// same file. Each value is replaced whole, so only damage can cut one short.
//
// Loop thread only; `store` must outlive it, and it what is under way.
//
//   LedgerStore store(state);
//   RestoredLedger restored = store.Restore();
//   ledger.Merge(restored.records);
//   store.Continue(ledger);
//   // After each change:
//   store.Save(ledger, now, [](absl::Status written) { Apply(written); });
#ifndef LB_IPAM_LEDGER_STORE_H_
#define LB_IPAM_LEDGER_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/state_store.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/ledger_journal.h"

namespace lb::ipam {

struct RestoredLedger {
  uint64_t generation = 0;      // The whole file's; 0: there was none.
  absl::Time written_at;        // Civil time; the epoch if there was none.
  std::vector<Record> records;  // All valid, by service.
  // For each file that was there but not wholly usable: `ledger.0: why`.
  std::vector<absl::Status> refused;
};

struct LedgerStoreLimits {
  size_t journal_bytes = 64 << 10;  // A longer one is followed by the next.
  // Records of the next whole file that each Save() writes, and as many more
  // for each record that changed. So the file is ready before its journal is
  // much longer than the file.
  size_t slice_records = 128;
  size_t slice_records_per_change = 4;
};

class LedgerStore {
 public:
  explicit LedgerStore(io::StateStore* store, LedgerStoreLimits limits = {})
      : store_(store), limits_(limits) {}

  // Reads the newest intact generation. Blocks; meant for the start, before
  // any Save().
  RestoredLedger Restore();

  // `ledger` has what was restored: Save() goes on from there. Without this,
  // or if something was refused, the next Save() writes a whole file, and what
  // was restored counts no more.
  void Continue(const Ledger& ledger);

  // Writes what changed; `on_written` as StateStore::Write() has it, but that
  // the writes that wait together may be of two files. Always the same ledger,
  // which forgets a release only after it was written (DropOldTombstones()).
  void Save(const Ledger& ledger, absl::Time now,
            io::StateStore::OnWritten on_written);

 private:
  enum class Stage {
    kRestored,  // Nothing says yet whether what is on disk counts.
    kWhole,     // It does not: whole files are written until one is on disk.
    kFollows,   // The journal goes on from it.
  };

  absl::Status RestoreFile(const std::string& name, RestoredLedger* restored);
  void RestoreJournals(RestoredLedger* restored);
  void WriteWhole(const Ledger& ledger, absl::Time now,
                  io::StateStore::OnWritten on_written);
  // The journal with what changed. Returns how many records did.
  size_t WriteJournal(const Ledger& ledger, absl::Time now,
                      io::StateStore::OnWritten on_written);
  void AddToNext(const Ledger& ledger, absl::Time now, size_t records_max);

  io::StateStore* const store_;
  const LedgerStoreLimits limits_;
  Stage stage_ = Stage::kRestored;
  bool is_intact_ = false;  // All that was restored.
  uint64_t base_ = 0;       // Generation of the newest whole file; 0: none.
  uint64_t number_ = 0;     // The journal's. Not base_: its file is due.
  std::string journal_;     // Empty: begins with the next change.
  // Versions of the ledger, as far as journal_ and as far as the disk has it.
  uint64_t version_ = 0;
  uint64_t saved_version_ = 0;

  std::optional<LedgerFileWriter> next_;  // The file that is due, in parts.
  std::string next_after_;                // The last service in it.
  bool writing_next_ = false;
  absl::Status next_error_;  // From the last try to write it.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_STORE_H_
