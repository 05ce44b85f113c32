// SimPaths: how well each simulated host reaches each other host.
//
// Each ordered pair of hosts is a path of its own, so that a fault can be
// one-way. A host reaches itself without fault. Used by SimNetwork (UDP, TCP)
// and by SimSegment (Ethernet), each with its own SimPaths.
#ifndef LB_IO_SIM_SIM_PATHS_H_
#define LB_IO_SIM_SIM_PATHS_H_

#include <cstdint>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"

namespace lb::io {

class SimHost;

// What happens to a packet on its way. Jitter makes packets overtake each
// other.
struct PathConditions {
  absl::Duration delay = absl::Microseconds(200);
  absl::Duration jitter = absl::Microseconds(100);  // Added: [0, jitter).
  double loss_percent = 0;
  double duplication_percent = 0;
};

class SimPaths {
 public:
  // The conditions of every path that has none of its own.
  void SetDefault(const PathConditions& conditions) { default_ = conditions; }
  // The conditions from one host to another; that direction only.
  void Set(const SimHost& from, const SimHost& to,
           const PathConditions& conditions);

  // Lets nothing through from `from` to `to`; that direction only.
  void Block(const SimHost& from, const SimHost& to);
  void Unblock(const SimHost& from, const SimHost& to);
  // Blocks all paths between the two groups, both ways.
  void Partition(absl::Span<SimHost* const> group,
                 absl::Span<SimHost* const> other_group);
  // Takes all blocks off.
  void Heal() { blocked_.clear(); }

  // For the transports, by host number:
  bool IsBlocked(int from, int to) const;
  const PathConditions& Between(int from, int to) const;
  // One draw of delay + jitter.
  absl::Duration DrawDelay(int from, int to, Prng& prng) const;

 private:
  using Path = std::pair<int, int>;  // Host numbers: from, to.

  PathConditions default_;
  absl::btree_map<Path, PathConditions> own_;
  absl::btree_set<Path> blocked_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_PATHS_H_
