// HeldSlots: a set of numbers kept as its maximal runs.
//
// A run of any length costs one entry, and the lowest number that is missing is
// found in O(log runs) without a walk over those that are there.
#ifndef LB_IPAM_HELD_SLOTS_H_
#define LB_IPAM_HELD_SLOTS_H_

#include "absl/container/btree_map.h"
#include "absl/numeric/int128.h"

namespace lb::ipam {

class HeldSlots {
 public:
  bool Contains(absl::uint128 slot) const;

  // REQUIRES: !Contains(slot); slot < 2^128 - 1.
  void Insert(absl::uint128 slot);

  // REQUIRES: Contains(slot).
  void Erase(absl::uint128 slot);

  // The lowest number >= `from` that is missing.
  absl::uint128 LowestMissing(absl::uint128 from = 0) const;

  absl::uint128 size() const { return size_; }

 private:
  // First to last number of each run. Runs neither overlap nor touch.
  absl::btree_map<absl::uint128, absl::uint128> runs_;
  absl::uint128 size_ = 0;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_HELD_SLOTS_H_
