#include "lb/gossip/reconnect_queue.h"

#include <algorithm>

namespace lb::gossip {
namespace {

constexpr int kSettlingExchanges = 2;

}  // namespace

ReconnectQueue::ReconnectQueue(const GossipOptions& options, const Prng& prng)
    : settling_delay_(options.streams.push_pull_interval > absl::ZeroDuration()
                          ? options.dissemination.interval * 2
                          : absl::InfiniteDuration()),
      delay_min_(options.reconnect.interval_min),
      delay_max_(options.reconnect.interval_max),
      retry_time_(options.reconnect.dead_peer_retry_time),
      targets_max_(options.reconnect.targets_max),
      prng_(prng) {}

bool ReconnectQueue::AddSeed(absl::Time now, const net::Endpoint& seed) {
  Target* const target = FindOrAdd(seed);
  if (target == nullptr) return false;
  target->seed = true;
  target->delay = delay_min_;
  target->give_up = absl::InfiniteFuture();
  SetDue(seed, *target, now);
  return true;
}

void ReconnectQueue::ForgetSeed(const net::Endpoint& seed) {
  const auto found = targets_.find(seed);
  if (found == targets_.end() || !found->second.seed) return;
  Remove(found);
}

void ReconnectQueue::OnMemberUp(const net::Endpoint& endpoint) {
  const auto found = targets_.find(endpoint);
  if (found == targets_.end()) return;
  if (found->second.seed) {
    SetDue(endpoint, found->second, absl::InfiniteFuture());
  } else {
    Remove(found);
  }
}

bool ReconnectQueue::OnMemberFailed(absl::Time now,
                                    const net::Endpoint& endpoint) {
  Target* const target = FindOrAdd(endpoint);
  if (target == nullptr) return false;
  target->delay = delay_min_;
  if (!target->seed) target->give_up = now + retry_time_;
  SetDue(endpoint, *target, now + delay_min_);
  return true;
}

void ReconnectQueue::OnMemberLeft(absl::Time now,
                                  const net::Endpoint& endpoint) {
  const auto found = targets_.find(endpoint);
  if (found == targets_.end()) return;
  if (!found->second.seed) {
    Remove(found);
    return;
  }
  found->second.delay = delay_min_;
  SetDue(endpoint, found->second, now + delay_min_);
}

std::optional<net::Endpoint> ReconnectQueue::TakeDue(absl::Time now,
                                                     int scale) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const net::Endpoint endpoint = due_.begin()->second;
    const auto found = targets_.find(endpoint);
    Target& target = found->second;
    if (target.give_up <= now) {
      Remove(found);
      continue;
    }
    // Half of the delay is chance: nodes that lost the same peer together do
    // not ask for it together.
    const absl::Duration delay = target.delay * scale;
    SetDue(endpoint, target,
           now + delay / 2 + prng_.UniformDuration(delay / 2));
    target.delay = std::min(target.delay * 2, delay_max_);
    return endpoint;
  }
  return std::nullopt;
}

void ReconnectQueue::OnJoined(absl::Time now) {
  settled_ = 0;
  // Some of it is chance: nodes that joined together do not exchange together.
  settling_ =
      std::min(settling_, now + settling_delay_ +
                              prng_.UniformDuration(settling_delay_ / 2));
}

bool ReconnectQueue::TakeSettling(absl::Time now) {
  if (settling_ > now) return false;
  ++settled_;
  settling_ = settled_ < kSettlingExchanges ? now + settling_delay_ * 2
                                            : absl::InfiniteFuture();
  return true;
}

ReconnectQueue::Target* ReconnectQueue::FindOrAdd(
    const net::Endpoint& endpoint) {
  const auto found = targets_.find(endpoint);
  if (found != targets_.end()) return &found->second;
  if (targets_.size() >= targets_max_) return nullptr;
  return &targets_[endpoint];
}

void ReconnectQueue::SetDue(const net::Endpoint& endpoint, Target& target,
                            absl::Time due) {
  due_.erase({target.due, endpoint});
  target.due = due;
  if (due != absl::InfiniteFuture()) due_.emplace(due, endpoint);
}

void ReconnectQueue::Remove(Targets::iterator target) {
  due_.erase({target->second.due, target->first});
  targets_.erase(target);
}

}  // namespace lb::gossip
