// HistoryStore: a History in the state folder.
//
// What is new is written kSaveDelay after it came, in one go, however much it
// is; so a crash or a power loss costs at most that and the time of a write.
// Each write is whole and fsynced (io::StateStore). While this node announces
// something it is written once in kMarkInterval all the same, which says that
// the node was running then. A write that fails is tried again.
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

  // Takes up what an earlier run wrote. Blocks; once, before all else. Returns
  // for each value that was there but not usable `history.03: why`.
  std::vector<absl::Status> Restore();

  // After its changes: OnChange().
  History& history() { return history_; }
  const History& history() const { return history_; }
  void OnChange();
  // Writes what is new now.
  void Save();

  // Why the last write failed; OK: it did not.
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
