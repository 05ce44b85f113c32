// LedgerStore: keeps a ledger's last two generations in an injected StateStore.
//
// They lie under "ledger.0" and "ledger.1" in turn, so that a damaged newest
// file leaves the one before it; a write that fails is tried again in the same
// file. Loop thread only; `store` must outlive it, and it what is under way.
//
//   LedgerStore store(environment.state);
//   RestoredLedger restored = store.Restore();
//   ledger.Merge(restored.records);
//   ...
//   store.Save(ledger, loop->CivilNow(), [](absl::Status written) { ... });
#ifndef LB_IPAM_LEDGER_STORE_H_
#define LB_IPAM_LEDGER_STORE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/state_store.h"
#include "lb/ipam/ledger.h"

namespace lb::ipam {

struct RestoredLedger {
  uint64_t generation = 0;      // 0: there was none to restore.
  absl::Time written_at;        // Civil time; the epoch if there was none.
  std::vector<Record> records;  // All valid, by service.
  // For each file that was there but not usable: `ledger.0: why`.
  std::vector<absl::Status> refused;
};

class LedgerStore {
 public:
  explicit LedgerStore(io::StateStore* store) : store_(store) {}

  // Reads the newest intact generation. Blocks; meant for the start, before
  // any Save().
  RestoredLedger Restore();

  // Writes the next generation; `on_written` as StateStore::Write() has it.
  void Save(const Ledger& ledger, absl::Time now,
            io::StateStore::OnWritten on_written);

 private:
  io::StateStore* store_;
  uint64_t generation_ = 0;  // The newest that was restored, or not refused.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_STORE_H_
