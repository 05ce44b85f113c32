#include "daemon/members/name_conflicts.h"

namespace lb {

bool NameConflicts::OnConflict(absl::Time now,
                               const gossip::ConflictEvent& conflict) {
  std::erase_if(heard_,
                [&](const auto& known) { return now - known.second >= kOver; });
  const std::pair key(conflict.existing.name, conflict.other);
  const auto known = heard_.find(key);
  if (known != heard_.end()) {
    known->second = now;
    return false;
  }
  if (heard_.size() >= kMax) return false;
  heard_.emplace(key, now);
  return true;
}

std::vector<net::Endpoint> NameConflicts::Of(const std::string& node,
                                             absl::Time now) const {
  std::vector<net::Endpoint> others;
  for (const auto& [key, heard] : heard_) {
    if (key.first == node && now - heard < kOver) others.push_back(key.second);
  }
  return others;
}

}  // namespace lb
