#include "lb/gossip/indirect_pings.h"

#include <algorithm>

namespace lb::gossip {

bool IndirectPings::Begin(absl::Time now, uint32_t own_sequence,
                          const IndirectPingRequest& request) {
  if (pending_.size() >= requests_max_) return false;
  pending_[own_sequence] = {
      .request = request,
      .nack_at = request.nack ? now + timeout_ * 0.8 : absl::InfiniteFuture(),
      .expires = now + timeout_};
  return true;
}

const IndirectPingRequest* IndirectPings::Find(uint32_t own_sequence) const {
  const auto found = pending_.find(own_sequence);
  return found == pending_.end() ? nullptr : &found->second.request;
}

std::vector<IndirectPingRequest> IndirectPings::TakeNacks(absl::Time now) {
  std::vector<IndirectPingRequest> nacks;
  for (auto it = pending_.begin(); it != pending_.end();) {
    Pending& pending = it->second;
    if (pending.nack_at <= now) {
      nacks.push_back(pending.request);
      pending.nack_at = absl::InfiniteFuture();
    }
    it = pending.expires <= now ? pending_.erase(it) : std::next(it);
  }
  return nacks;
}

void IndirectPings::Shift(absl::Duration by) {
  for (auto& [sequence, pending] : pending_) {
    pending.nack_at += by;
    pending.expires += by;
  }
}

absl::Time IndirectPings::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [sequence, pending] : pending_) {
    next = std::min({next, pending.nack_at, pending.expires});
  }
  return next;
}

}  // namespace lb::gossip
