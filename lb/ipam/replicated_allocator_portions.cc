// ReplicatedAllocator's looks at many services, a portion in each.
#include <algorithm>
#include <string>
#include <vector>

#include "lb/base/portion.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb::ipam {

absl::Duration ReplicatedAllocator::look_interval() const {
  if (more_) return kLookInterval;
  return kLookInterval +
         kLookIntervalPerRecord * std::max(entries_.size(), ledger_.size());
}

// Services that hold addresses come first, so that they keep them.
ReplicatedAllocator::Services ReplicatedAllocator::TakeTouched() {
  Services touched = TakeFirst(kPortion, touched_);
  touched.merge(TakeFirst(kPortion - touched.size(), new_));
  return touched;
}

void ReplicatedAllocator::ProposeAll() {
  propose_all_ = true;
  proposed_.clear();
}

void ReplicatedAllocator::AddNextOfAll(Services& due) {
  auto next = wanted_.requests.upper_bound(proposed_);
  for (size_t i = 0; i < kPortion && next != wanted_.requests.end(); ++i) {
    proposed_ = next->first;
    due.insert(due.end(), next->first);
    ++next;
  }
  propose_all_ = next != wanted_.requests.end();
  more_ |= propose_all_;
}

// With all that share an address with one of them, so that elections never see
// some of these without the others.
ReplicatedAllocator::Services ReplicatedAllocator::TakeStale() {
  Services taken = TakeFirst(kPortion, stale_);
  std::vector<std::string> queue(taken.begin(), taken.end());
  while (!stale_.empty() && !queue.empty()) {
    const auto held = allocator_.Find(queue.back());
    queue.pop_back();
    if (!held) continue;
    for (const AssignedAddress& assigned : held->addresses) {
      for (const std::string& sharer : allocator_.HoldersOf(assigned.address)) {
        if (stale_.erase(sharer) == 0) continue;
        taken.insert(sharer);
        queue.push_back(sharer);
      }
    }
  }
  if (!stale_.empty()) {
    more_ = true;
    WakeBy(ports_.loop->Now());
  }
  return taken;
}

}  // namespace lb::ipam
