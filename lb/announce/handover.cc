#include "lb/announce/handover.h"

#include <algorithm>
#include <utility>

namespace lb::announce {

void Handover::Begin(absl::Time now, const net::IpAddress& vip,
                     Interfaces interfaces) {
  const absl::Time until = now + options_.claim_wait;
  const bool is_new =
      leaving_
          .try_emplace(
              vip, Leaving{.interfaces = std::move(interfaces), .until = until})
          .second;
  if (!is_new) return;
  leaving_until_.emplace(until, vip);
  ++answering_;
  changed_.insert(vip);
}

void Handover::Yield(absl::Time now, const net::IpAddress& vip) {
  const absl::Time until = now + options_.deliver_grace;
  if (!yielded_.try_emplace(vip, until).second) return;
  yielded_until_.emplace(until, vip);
  changed_.insert(vip);
}

void Handover::OnClaimed(absl::Time now, const net::IpAddress& vip) {
  const auto it = leaving_.find(vip);
  if (it == leaving_.end() || it->second.claimed) return;
  leaving_until_.erase({it->second.until, vip});
  it->second.claimed = true;
  it->second.until = now + options_.deliver_grace;
  leaving_until_.emplace(it->second.until, vip);
  --answering_;
  changed_.insert(vip);
}

void Handover::OnTimer(absl::Time now) {
  ended_ = false;
  while (!leaving_until_.empty() && leaving_until_.begin()->first <= now) {
    const net::IpAddress vip = leaving_until_.begin()->second;
    if (leaving_.at(vip).claimed) {
      EndLeaving(vip);
    } else {
      OnClaimed(now, vip);
    }
  }
  while (!yielded_until_.empty() && yielded_until_.begin()->first <= now) {
    const net::IpAddress vip = yielded_until_.begin()->second;
    EndYielded(vip);
  }
}

absl::Time Handover::NextDeadline() const {
  if (ended_) return absl::InfinitePast();
  absl::Time next = absl::InfiniteFuture();
  for (const ByTime* until : {&leaving_until_, &yielded_until_}) {
    if (!until->empty()) next = std::min(next, until->begin()->first);
  }
  return next;
}

const Handover::Interfaces* Handover::Answering(
    const net::IpAddress& vip) const {
  const auto it = leaving_.find(vip);
  if (it == leaving_.end() || it->second.claimed) return nullptr;
  return &it->second.interfaces;
}

bool Handover::EndLeaving(const net::IpAddress& vip) {
  const auto it = leaving_.find(vip);
  if (it == leaving_.end()) return false;
  leaving_until_.erase({it->second.until, vip});
  if (!it->second.claimed) --answering_;
  leaving_.erase(it);
  changed_.insert(vip);
  return true;
}

bool Handover::EndYielded(const net::IpAddress& vip) {
  const auto it = yielded_.find(vip);
  if (it == yielded_.end()) return false;
  yielded_until_.erase({it->second, vip});
  yielded_.erase(it);
  changed_.insert(vip);
  return true;
}

}  // namespace lb::announce
