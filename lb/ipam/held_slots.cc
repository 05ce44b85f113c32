#include "lb/ipam/held_slots.h"

#include <iterator>

#include "lb/base/check.h"

namespace lb::ipam {

bool HeldSlots::Contains(absl::uint128 slot) const {
  auto after = runs_.upper_bound(slot);
  return after != runs_.begin() && slot <= std::prev(after)->second;
}

void HeldSlots::Insert(absl::uint128 slot) {
  LB_CHECK(!Contains(slot) && slot != absl::Uint128Max());
  ++size_;
  const auto after = runs_.upper_bound(slot);
  const bool joins_after = after != runs_.end() && after->first == slot + 1;
  const absl::uint128 last = joins_after ? after->second : slot;
  if (after != runs_.begin()) {
    const auto before = std::prev(after);
    if (before->second + 1 == slot) {
      before->second = last;
      if (joins_after) runs_.erase(after);
      return;
    }
  }
  if (joins_after) runs_.erase(after);
  runs_.emplace(slot, last);
}

void HeldSlots::Erase(absl::uint128 slot) {
  LB_CHECK(Contains(slot));
  --size_;
  const auto run = std::prev(runs_.upper_bound(slot));
  const absl::uint128 first = run->first;
  const absl::uint128 last = run->second;
  if (first == slot) {
    runs_.erase(run);
  } else {
    run->second = slot - 1;
  }
  if (last != slot) runs_.emplace(slot + 1, last);
}

absl::uint128 HeldSlots::LowestMissing(absl::uint128 from) const {
  const auto after = runs_.upper_bound(from);
  if (after == runs_.begin()) return from;
  const absl::uint128 last = std::prev(after)->second;
  return from <= last ? last + 1 : from;
}

}  // namespace lb::ipam
