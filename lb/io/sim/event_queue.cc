#include "lb/io/sim/event_queue.h"

#include <utility>

namespace lb::io {

EventQueue::Id EventQueue::Push(absl::Time at, Task task) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  const Entry entry{.at = at, .sequence = ++last_sequence_, .slot = slot};
  slots_[slot].task = std::move(task);
  slots_[slot].sequence = entry.sequence;
  heap_.push_back(entry);
  Place(heap_.size() - 1, entry);
  SiftUp(heap_.size() - 1);
  return Id(slot, entry.sequence);
}

void EventQueue::Cancel(Id id) {
  if (id.sequence_ == 0 || slots_[id.slot_].sequence != id.sequence_) return;
  // The task is destroyed when all is in order again: its destructor may call.
  const Task task = Remove(slots_[id.slot_].position);
}

EventQueue::Task EventQueue::Pop() { return Remove(0); }

EventQueue::Task EventQueue::Remove(size_t position) {
  const uint32_t slot = heap_[position].slot;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    Place(position, last);
    SiftUp(position);
    SiftDown(slots_[last.slot].position);
  }
  slots_[slot].sequence = 0;
  free_slots_.push_back(slot);
  return std::exchange(slots_[slot].task, nullptr);
}

void EventQueue::Place(size_t position, const Entry& entry) {
  heap_[position] = entry;
  slots_[entry.slot].position = position;
}

void EventQueue::SiftUp(size_t position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (!Before(entry, heap_[parent])) break;
    Place(position, heap_[parent]);
    position = parent;
  }
  Place(position, entry);
}

void EventQueue::SiftDown(size_t position) {
  const Entry entry = heap_[position];
  while (true) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) {
      ++child;
    }
    if (!Before(heap_[child], entry)) break;
    Place(position, heap_[child]);
    position = child;
  }
  Place(position, entry);
}

}  // namespace lb::io
