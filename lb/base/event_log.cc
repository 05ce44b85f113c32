#include "lb/base/event_log.h"

#include <algorithm>
#include <utility>

namespace lb {

void EventLog::Record(Event event) {
  event.sequence = ++last_sequence_;
  events_.push_back(std::move(event));
  if (events_.size() > events_max_) events_.pop_front();
  if (observer_) observer_(events_.back());
}

std::vector<Event> EventLog::Since(uint64_t sequence) const {
  const uint64_t newer = last_sequence_ - std::min(sequence, last_sequence_);
  const size_t count = std::min<uint64_t>(newer, events_.size());
  return std::vector<Event>(events_.end() - count, events_.end());
}

const Event* EventLog::FirstSince(uint64_t sequence) const {
  if (sequence >= last_sequence_) return nullptr;
  const size_t count =
      std::min<uint64_t>(last_sequence_ - sequence, events_.size());
  return &events_[events_.size() - count];
}

}  // namespace lb
