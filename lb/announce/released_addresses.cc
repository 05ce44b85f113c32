#include "lb/announce/released_addresses.h"

namespace lb::announce {

void ReleasedAddresses::Add(absl::Time now, const net::IpAddress& address) {
  Forget(address);
  if (released_.size() >= addresses_max_) return;
  released_[address] = {.at = now};
  order_.emplace(HeardUntil(now), address);
  heard_.insert(address);
}

bool ReleasedAddresses::Take(absl::Time now, const net::IpAddress& address) {
  const auto released = released_.find(address);
  if (released == released_.end()) return false;
  const bool counts =
      !released->second.is_lost && now - released->second.at <= kCountsFor;
  Forget(address);
  return counts;
}

void ReleasedAddresses::OnRival(const net::IpAddress& address) {
  const auto released = released_.find(address);
  if (released != released_.end()) released->second.is_lost = true;
}

bool ReleasedAddresses::Expire(absl::Time now) {
  if (now < NextDeadline()) return false;
  while (NextDeadline() <= now) {
    const net::IpAddress address = order_.begin()->second;
    Forget(address);
  }
  return true;
}

absl::Time ReleasedAddresses::NextDeadline() const {
  return order_.empty() ? absl::InfiniteFuture() : order_.begin()->first;
}

void ReleasedAddresses::Forget(const net::IpAddress& address) {
  const auto released = released_.find(address);
  if (released == released_.end()) return;
  order_.erase({HeardUntil(released->second.at), address});
  heard_.erase(address);
  released_.erase(released);
}

absl::Time ReleasedAddresses::HeardUntil(absl::Time released_at) {
  const absl::Duration since = released_at + kCountsFor - absl::UnixEpoch();
  return absl::UnixEpoch() + absl::Ceil(since, absl::Seconds(1));
}

}  // namespace lb::announce
