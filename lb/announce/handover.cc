#include "lb/announce/handover.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lb::announce {

void Handover::Begin(absl::Time now, const net::IpAddress& vip,
                     Interfaces interfaces) {
  leaving_.try_emplace(vip, Leaving{.interfaces = std::move(interfaces),
                                    .until = now + options_.claim_wait});
}

void Handover::OnClaimed(absl::Time now, const net::IpAddress& vip) {
  const auto it = leaving_.find(vip);
  if (it == leaving_.end() || it->second.claimed) return;
  it->second.claimed = true;
  it->second.until = now + options_.deliver_grace;
}

void Handover::OnTimer(absl::Time now) {
  ended_ = false;
  std::vector<net::IpAddress> unclaimed;
  for (const auto& [vip, leaving] : leaving_) {
    if (!leaving.claimed && leaving.until <= now) unclaimed.push_back(vip);
  }
  for (const net::IpAddress& vip : unclaimed) OnClaimed(now, vip);
  for (auto it = leaving_.begin(); it != leaving_.end();) {
    it = it->second.claimed && it->second.until <= now ? leaving_.erase(it)
                                                       : std::next(it);
  }
  absl::erase_if(yielded_,
                 [now](const auto& yielded) { return yielded.second <= now; });
}

absl::Time Handover::NextDeadline() const {
  if (ended_) return absl::InfinitePast();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [vip, leaving] : leaving_) {
    next = std::min(next, leaving.until);
  }
  for (const auto& [vip, until] : yielded_) next = std::min(next, until);
  return next;
}

absl::btree_map<net::IpAddress, Handover::Interfaces> Handover::Answering()
    const {
  absl::btree_map<net::IpAddress, Interfaces> answering;
  for (const auto& [vip, leaving] : leaving_) {
    if (!leaving.claimed) answering.emplace(vip, leaving.interfaces);
  }
  return answering;
}

std::set<net::IpAddress> Handover::Delivering() const {
  std::set<net::IpAddress> delivering;
  for (const auto& [vip, leaving] : leaving_) delivering.insert(vip);
  for (const auto& [vip, until] : yielded_) delivering.insert(vip);
  return delivering;
}

}  // namespace lb::announce
