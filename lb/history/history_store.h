// HistoryStore: keeps a History in the state folder.
//
// New entries are written together, kSaveDelay after the first of them, so a
// crash or a power loss costs at most that time and the time of a write. Each
// write is whole and fsynced (io::StateStore). While this node announces
// something, the newest segment is written once in each kMarkInterval even
// without news, which records that the node was running. A write that fails is
// tried again.
//
// Loop thread only.
#ifndef LB_HISTORY_HISTORY_STORE_H_
#define LB_HISTORY_HISTORY_STORE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/history/history.h"
#include "lb/io/loop.h"
#include "lb/io/persisted_value.h"
#include "lb/io/state_ports.h"
#include "lb/io/state_store.h"

namespace lb::history {

class HistoryStore {
 public:
  static constexpr absl::Duration kSaveDelay = absl::Seconds(1);
  static constexpr absl::Duration kMarkInterval = absl::Minutes(1);

  HistoryStore(const std::string& node, const io::StatePorts& ports);

  // Restores what an earlier run wrote. Blocks. Call it once, first. Returns
  // `history.03: why` for each value that exists but is not usable.
  std::vector<absl::Status> Restore();

  // Call OnChange() after you change it.
  History& history() { return history_; }
  const History& history() const { return history_; }
  void OnChange();
  // Writes the unsaved entries now.
  void Save();

  // The error of the last write; OK if it succeeded.
  const absl::Status& save_error() const { return saved_.error(); }

 private:
  void Mark();
  void Write(io::StateStore::OnWritten done);
  void OnWritten(const absl::Status& status);
  void Report(const absl::Status& error);

  const io::StatePorts ports_;
  History history_;
  size_t writing_ = 0;    // Values whose write is under way.
  absl::Status outcome_;  // The first error of the finished writes.
  io::StateStore::OnWritten on_written_;
  io::PersistedValue saved_;
  std::unique_ptr<io::Timer> mark_timer_;
};

}  // namespace lb::history

#endif  // LB_HISTORY_HISTORY_STORE_H_
