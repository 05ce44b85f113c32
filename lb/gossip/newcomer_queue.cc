#include "lb/gossip/newcomer_queue.h"

#include <algorithm>

#include "lb/base/check.h"

namespace lb::gossip {

NewcomerQueue::NewcomerQueue(const GossipOptions& options, const Prng& prng)
    : options_(options),
      pace_(options.dissemination.interval / 4),
      prng_(prng) {}

void NewcomerQueue::Add(absl::Time now, std::string_view name) {
  const auto [entry, inserted] =
      by_name_.emplace(std::string(name), Unverified{});
  LB_CHECK(inserted);
  uint32_t& sequence = entry->second.sequence;
  do {
    sequence = kSequenceMin | static_cast<uint32_t>(prng_.Next() >> 32);
  } while (!by_sequence_.emplace(sequence, entry).second);
  Put(entry->second, &newcomers_, now);
}

void NewcomerQueue::Remove(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  const uint32_t sequence = found->second.sequence;
  Put(found->second, nullptr, absl::InfiniteFuture());
  for (Prober& lane : lanes_) {
    if (lane.running() && lane.target().sequence == sequence) lane.Cancel();
  }
  by_sequence_.erase(sequence);
  by_name_.erase(found);
}

void NewcomerQueue::Put(Unverified& unverified, Queue* queue, absl::Time due) {
  if (unverified.queue != nullptr) {
    unverified.queue->erase({unverified.due, unverified.sequence});
  }
  unverified.queue = queue;
  unverified.due = due;
  if (queue != nullptr) queue->emplace(due, unverified.sequence);
}

ProbeTarget NewcomerQueue::Ping(absl::Time now, ByName::value_type& entry) {
  entry.second.pinged = now;
  if (entry.second.queue != nullptr) {
    Put(entry.second, &waiting_, now + options_.probe.timeout);
  }
  return {.name = entry.first, .sequence = entry.second.sequence};
}

absl::Time NewcomerQueue::NewcomerDue() const {
  return paced_ - pace_ * static_cast<int64_t>(
                              options_.probe.newcomer_pings_at_once - 1);
}

std::optional<ProbeTarget> NewcomerQueue::TakeNewcomer(absl::Time now) {
  if (newcomers_.empty() || NewcomerDue() > now) return std::nullopt;
  paced_ = std::max(paced_, now) + pace_;
  return Ping(now, *by_sequence_.at(newcomers_.rbegin()->second));
}

std::optional<ProbeTarget> NewcomerQueue::TakeAtOnce(absl::Time now,
                                                     std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  if (now - found->second.pinged < options_.probe.timeout / 2) {
    return std::nullopt;
  }
  return Ping(now, *found);
}

Prober* NewcomerQueue::TakeLane(absl::Time now) {
  if (waiting_.empty() || waiting_.begin()->first > now) return nullptr;
  for (Prober& lane : lanes_) {
    if (lane.running()) continue;
    auto& [name, unverified] = *by_sequence_.at(waiting_.begin()->second);
    Put(unverified, nullptr, absl::InfiniteFuture());
    lane.Begin(now, {.name = name, .sequence = unverified.sequence},
               options_.probe.timeout, options_.probe.interval);
    return &lane;
  }
  return nullptr;
}

void NewcomerQueue::OnFailed(absl::Time now, const Prober& lane) {
  const auto found = by_sequence_.find(lane.target().sequence);
  if (found == by_sequence_.end()) return;
  Put(found->second->second, &waiting_, now + options_.probe.timeout);
}

std::string_view NewcomerQueue::NameOf(uint32_t sequence) const {
  const auto found = by_sequence_.find(sequence);
  return found == by_sequence_.end() ? ""
                                     : std::string_view(found->second->first);
}

bool NewcomerQueue::HasAskedOthers(uint32_t sequence) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const Prober& lane) {
    return lane.Expects(sequence) && !lane.IsDirectAck(sequence);
  });
}

bool NewcomerQueue::HasFreeLane() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Prober& lane) { return !lane.running(); });
}

absl::Time NewcomerQueue::NextVerdict() const {
  absl::Time next = absl::InfiniteFuture();
  for (const Prober& lane : lanes_) next = std::min(next, lane.NextDeadline());
  return next;
}

absl::Time NewcomerQueue::NextDeadline() const {
  absl::Time next = NextVerdict();
  if (!newcomers_.empty()) next = std::min(next, NewcomerDue());
  if (!waiting_.empty() && HasFreeLane()) {
    next = std::min(next, waiting_.begin()->first);
  }
  return next;
}

void NewcomerQueue::Shift(absl::Duration by) {
  for (Prober& lane : lanes_) lane.Shift(by);
}

}  // namespace lb::gossip
