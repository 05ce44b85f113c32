#include "daemon/agent/looked_entries.h"

#include <utility>

#include "lb/base/portion.h"

namespace lb {

LookedEntries::Services LookedEntries::Take(
    const ipam::ReplicatedAllocator& allocator) {
  before_.clear();
  taken_ = allocator.TakeWithSharers(kPortion, &due_);
  for (const std::string& service : taken_) {
    TakeUp(service, allocator.entries());
  }
  if (!taken_.empty()) ++version_;
  return taken_;
}

void LookedEntries::TakeUp(const std::string& service,
                           const AddressEntries& now) {
  auto known = entries_.extract(service);
  const auto found = now.find(service);
  if (found != now.end()) entries_.emplace(service, found->second);
  if (!known.empty()) before_.insert(std::move(known));
}

void LookedEntries::AddOthers(const Services& others, Services* changed) const {
  for (const std::string& service : others) {
    if (!due_.contains(service)) changed->insert(service);
  }
}

void LookedEntries::NoteSame(const Services& services) {
  for (const std::string& service : services) {
    if (taken_.contains(service)) continue;
    const auto found = entries_.find(service);
    if (found != entries_.end()) before_.insert(*found);
  }
}

}  // namespace lb
