#include "lb/gossip/suspicion.h"

#include <algorithm>
#include <cmath>

#include "lb/base/check.h"

namespace lb::gossip {

Suspicion::Suspicion(absl::Time now, std::string from,
                     const SuspicionTimes& times)
    : start_(now),
      times_(times),
      total_(times.confirmations < 1 ? times.min : times.max) {
  accusers_.insert(std::move(from));
}

bool Suspicion::Confirm(absl::Time now, std::string_view from) {
  const int heard = static_cast<int>(accusers_.size()) - 1;  // Not the first.
  if (heard >= times_.confirmations) return false;
  if (accusers_.find(from) != accusers_.end()) return false;
  accusers_.emplace(from);
  const double share =
      std::log(heard + 2.0) / std::log(times_.confirmations + 1.0);
  const absl::Duration total = times_.max - (times_.max - times_.min) * share;
  total_ = std::max(
      {times_.min, absl::Floor(total, absl::Milliseconds(1)), now - start_});
  return true;
}

void Suspicions::Start(absl::Time now, std::string_view name, std::string from,
                       const SuspicionTimes& times) {
  const auto [entry, inserted] =
      running_.emplace(name, Suspicion(now, std::move(from), times));
  LB_CHECK(inserted);
  deadlines_.emplace(entry->second.deadline(), name);
}

bool Suspicions::Confirm(absl::Time now, std::string_view name,
                         std::string_view from) {
  const auto entry = running_.find(name);
  LB_CHECK(entry != running_.end());
  const absl::Time before = entry->second.deadline();
  if (!entry->second.Confirm(now, from)) return false;
  deadlines_.erase({before, entry->first});
  deadlines_.emplace(entry->second.deadline(), entry->first);
  return true;
}

void Suspicions::Cancel(std::string_view name) {
  const auto entry = running_.find(name);
  if (entry == running_.end()) return;
  deadlines_.erase({entry->second.deadline(), entry->first});
  running_.erase(entry);
}

std::vector<std::string> Suspicions::TakeExpired(absl::Time now) {
  std::vector<std::string> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(deadlines_.begin()->second);
    running_.erase(expired.back());
    deadlines_.erase(deadlines_.begin());
  }
  return expired;
}

void Suspicions::Shift(absl::Duration by) {
  deadlines_.clear();
  for (auto& [name, suspicion] : running_) {
    suspicion.Shift(by);
    deadlines_.emplace(suspicion.deadline(), name);
  }
}

}  // namespace lb::gossip
