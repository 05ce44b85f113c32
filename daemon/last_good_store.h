// LastGoodStore: the last good manifests (lb/config/last_good.h) in the state
// folder.
//
// A node that starts while a manifest is faulty goes on with the value from
// before, as it would without a restart, even if the fault came while it was
// down. After each reading the changed parts are written one after the other,
// so another write waits for at most one of them. A write that fails is tried
// again.
//
//   auto problems = store.Restore();
//   Desired before = store.Before(manifests, options);
//   store.Save(store.Seal(desired));
#ifndef LB_DAEMON_LAST_GOOD_STORE_H_
#define LB_DAEMON_LAST_GOOD_STORE_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/config/desired.h"
#include "lb/config/last_good.h"
#include "lb/config/manifests.h"
#include "lb/io/environment.h"
#include "lb/io/persisted_value.h"
#include "lb/io/state_store.h"

namespace lb {

// The values to write after a reading.
struct SealedLastGood {
  std::map<std::string, std::string> values;  // Changed ones, by name.
  size_t left_out = 0;
};

class LastGoodStore {
 public:
  static constexpr absl::Duration kRetryInterval = absl::Seconds(10);

  LastGoodStore(std::string node, const io::Environment& environment);

  // Restores what an earlier run wrote. Blocks. Call it once, first. Returns
  // `last-good.03: why` for each value that exists but is not usable.
  std::vector<absl::Status> Restore();

  // The objects that the earlier run had in force (config::RestoreDesired);
  // forgets them.
  // Before(), then Seal() after each reading: one at a time, on any thread.
  config::Desired Before(const config::Manifests& now,
                         const config::ManifestOptions& options);
  SealedLastGood Seal(const config::Desired& desired);

  // Writes the sealed values. Call it on the loop's thread.
  void Save(SealedLastGood sealed);
  // Hands all unwritten values to io::StateStore at once. Call it at the end.
  void Flush();

 private:
  // Writes the unwritten values one after the other, up to the first that
  // fails.
  void WriteAll(io::StateStore::OnWritten done);
  void Warn(const char* reason, std::string message);

  const std::string node_;
  io::Environment environment_;
  config::LastGood restored_;
  std::vector<std::string> digests_;  // The last values', by part.

  // The loop's:
  std::map<std::string, std::string> unwritten_;
  size_t left_out_ = 0;
  io::PersistedValue persisted_;
};

}  // namespace lb

#endif  // LB_DAEMON_LAST_GOOD_STORE_H_
