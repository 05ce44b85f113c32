// KeptObjectStore: the kept objects (kept_objects.h) in the state folder.
//
// Restores what an earlier run wrote: all of it or nothing, as without one part
// a node could be elected that must not be. Then it follows the objects in
// force. A change is written after kDelay; changed parts one after the other,
// one in a turn of the loop and kPartsPerRound in a round, so a flood of
// changes writes that many parts a second. A part whose bytes are as before is
// not written. Without a change the header alone is written, once in kRefresh:
// it says that all objects were still the same. A write that fails is tried
// again.
//
//   KeptObjectStore store({.node = "n1", .owner = owner}, ports, [] {
//     return KeptObjectStore::Sight{.as_of = now, .pods = addresses};
//   });
//   KeptObjectStore::Restored before = store.Restore();
//   store.OnObjects(desired, names);  // All objects were listed.
//
// Loop thread only. It outlives the writes that it starts.
#ifndef LB_DAEMON_KUBERNETES_KEPT_OBJECT_STORE_H_
#define LB_DAEMON_KUBERNETES_KEPT_OBJECT_STORE_H_

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/kubernetes/kept_objects.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/io/persisted_value.h"
#include "lb/io/state_ports.h"
#include "lb/io/state_store.h"
#include "lb/net/ip_address.h"

namespace lb {

class KeptObjectStore {
 public:
  static constexpr absl::Duration kDelay = absl::Seconds(1);
  static constexpr absl::Duration kRefresh = absl::Minutes(1);
  static constexpr size_t kPartsPerRound = 8;

  struct Options {
    std::string node;   // Named in events.
    std::string owner;  // Without a line feed.
    config::ManifestOptions manifests;
  };
  // The rest of what is kept, besides the objects.
  struct Sight {
    // When all objects were last known to be as at the server. InfinitePast:
    // not yet.
    absl::Time as_of = absl::InfinitePast();
    std::vector<net::IpAddress> pods;
  };
  struct Restored {
    config::Objects objects;
    std::vector<net::IpAddress> pods;
    absl::Time as_of = absl::InfinitePast();  // That: nothing was kept.
    // "api-objects.03: why": the value for which all are refused.
    absl::Status refused;
  };

  KeptObjectStore(Options options, const io::StatePorts& ports,
                  std::function<Sight()> look);

  // Blocks. Once, first.
  Restored Restore();

  // All objects are listed, and `desired` has those that count; the same one
  // may change in place. `names` may be others since the last call; the first
  // call takes all.
  void OnObjects(std::shared_ptr<const config::Desired> desired,
                 absl::Span<const std::string> names);
  void OnPods();

  // Writes all that waits without a delay. Call it at the end, on a loop that
  // runs on for a moment.
  void Flush();

 private:
  using Part = size_t;

  absl::Status RestoreAll(Restored* restored);

  void Touch(const std::string& name);
  // One round: up to kPartsPerRound parts, then the header.
  void WriteRound(io::StateStore::OnWritten done);
  void WriteNext();
  void WriteHeader();
  void EndRound(const absl::Status& status);
  // The next part to write, after the last one; REQUIRES: one is.
  Part TakeDirty();
  // The sealed value; empty: it is the one on disk.
  std::string Seal(Part part);
  // It is on disk as it is now.
  void NoteWritten(Part part) { cycle_.erase(part); }
  void NoteLeftOut(Part part, size_t count);
  KeptHeader HeaderNow() const;
  void Warn(const char* reason, std::string message);

  const Options options_;
  const io::StatePorts ports_;
  const std::function<Sight()> look_;
  std::shared_ptr<const config::Desired> desired_;  // Null: not listed yet.
  std::array<std::set<std::string>, kKeptParts> names_;  // Objects that count.
  // The digests of values on disk; empty: there is no value.
  std::array<std::string, kKeptParts> digests_;
  std::array<size_t, kKeptParts> left_out_{};
  std::set<Part> dirty_;
  Part last_part_ = 0;
  KeptHeader header_;  // On disk.
  bool has_header_ = false;
  bool is_last_ = false;  // Flush() was called.
  // Once these parts are written, all objects on disk are as of then, or later.
  std::set<Part> cycle_;
  absl::Time cycle_as_of_ = absl::InfinitePast();
  absl::Time as_of_ = absl::InfinitePast();  // The last cycle's that ended.
  // The round under way.
  size_t round_left_ = 0;
  io::StateStore::OnWritten round_done_;
  io::PersistedValue persisted_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_KEPT_OBJECT_STORE_H_
