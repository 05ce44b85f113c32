// ManifestReader: reads the manifests again beside the loop, which meanwhile
// answers ARP: ten thousand services take half a second.
//
// At most one reading is under way and one more is wanted. A request during a
// reading is answered by the next one, because the present one may have missed
// the change. A reading starts from the Desired of the reading before; the
// first one starts from that of the earlier run. A file without a byte may be
// about to be written, so it is read again by itself. Loop thread only.
#ifndef LB_DAEMON_MANIFEST_READER_H_
#define LB_DAEMON_MANIFEST_READER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/last_good_store.h"
#include "lb/config/changes.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/config/empty_files.h"
#include "lb/config/manifests.h"
#include "lb/io/loop.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/posix_loop.h"

namespace lb {

// The result of one reading.
struct ManifestReading {
  std::shared_ptr<const config::Desired> desired;
  config::Changes changes;
  config::Difference difference;  // From the reading before.
  bool is_first = false;
  SealedLastGood last_good;  // The reader writes it.
};

class ManifestReader {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<ManifestReading>)>;
  static constexpr size_t kWaitingMax = 100;

  struct Source {
    // Runs on another thread. Comparing and the destruction of old values run
    // there too.
    std::function<config::Manifests()> load;
    config::ManifestOptions options;
    // Outlives the reader. Null: what an earlier run had does not count.
    LastGoodStore* last_good = nullptr;
  };

  // `apply` takes each reading, on the loop, before the callers that asked for
  // it get their answers.
  ManifestReader(io::PosixLoop* loop, Source source,
                 std::function<void(const ManifestReading&)> apply);

  // Reads on this thread; for the start, before any Read().
  void ReadNow();
  // Calls `done` after a reading that began after this call. ResourceExhausted,
  // at once: kWaitingMax callers wait already.
  void Read(Done done = [](const auto&) {});

 private:
  ManifestReading Load(absl::Time now);
  void Start();
  void Finish();

  io::PosixLoop* const loop_;
  const Source source_;
  const std::function<void(const ManifestReading&)> apply_;
  std::shared_ptr<const config::Desired> desired_;
  // The previous reading's Desired; it has no other users by now.
  std::shared_ptr<const config::Desired> retired_;
  // The other thread's while busy:
  std::unique_ptr<ManifestReading> reading_;
  config::EmptyFiles empty_files_;
  std::vector<Done> waiting_;  // For the reading under way.
  std::vector<Done> next_;     // For the one after it.
  bool is_first_ = true;
  std::unique_ptr<io::Timer> timer_;  // For files without a byte.
  io::BackgroundTask task_;           // Its work uses what is above.
};

}  // namespace lb

#endif  // LB_DAEMON_MANIFEST_READER_H_
