// SimStateStore: a StateStore in memory that outlives its node's runs.
//
// A write takes virtual time; what is not answered when the process dies is
// lost, and the old value stands.
#ifndef LB_IO_SIM_SIM_STATE_STORE_H_
#define LB_IO_SIM_SIM_STATE_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/sim/sim_process.h"
#include "lb/io/state_store.h"

namespace lb::io {

class SimStateStore final : public StateStore {
 public:
  explicit SimStateStore(SimProcess* process) : process_(process) {}

  absl::StatusOr<std::string> Read(const std::string& name) override;
  void Write(const std::string& name, std::string value,
             OnWritten on_written) override;

  // What writes answer from now on; OK: they work again.
  void SetWriteError(absl::Status error) { write_error_ = std::move(error); }
  // How long a write takes. A slow disk: absl::Seconds(2).
  void SetWriteTime(absl::Duration time) { write_time_ = time; }

  // What is on the disk; a test may change it between runs.
  std::map<std::string, std::string>& values() { return values_; }
  // The number of writes of names that begin with `prefix`.
  uint64_t writes(std::string_view prefix = "") const;

  // Forgets the writes that are under way; the process died.
  void DropPending() { pending_.clear(); }

 private:
  struct Pending {  // Of one name.
    bool writing = false;
    std::string value;  // The newest.
    std::vector<OnWritten> waiting;
  };

  void StartWrite(const std::string& name);
  void FinishWrite(const std::string& name, std::string value,
                   std::vector<OnWritten> answered);

  SimProcess* const process_;
  absl::Duration write_time_ = absl::Milliseconds(1);
  absl::Status write_error_;
  std::map<std::string, uint64_t> writes_;  // By name.
  std::map<std::string, std::string> values_;
  std::map<std::string, Pending> pending_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_STATE_STORE_H_
