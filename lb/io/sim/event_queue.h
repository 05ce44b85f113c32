// EventQueue: things to do, by time; those of one time in the order they came.
//
// A binary heap that knows where each event lies: pushing, popping and
// cancelling cost O(log n). Values only: no clock, no thread rules.
#ifndef LB_IO_SIM_EVENT_QUEUE_H_
#define LB_IO_SIM_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace lb::io {

class EventQueue {
 public:
  using Task = absl::AnyInvocable<void()>;

  // Names one pushed event for ever; a default one names none.
  class Id {
   public:
    Id() = default;

   private:
    friend class EventQueue;
    Id(uint32_t slot, uint64_t sequence) : slot_(slot), sequence_(sequence) {}

    uint32_t slot_ = 0;
    uint64_t sequence_ = 0;
  };

  Id Push(absl::Time at, Task task);

  // Takes the event out. No effect if it was popped or cancelled before.
  void Cancel(Id id);

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

  // When the first event is due. REQUIRES: !empty()
  absl::Time next_time() const { return heap_.front().at; }

  // Takes the first event out. REQUIRES: !empty()
  Task Pop();

 private:
  struct Entry {
    absl::Time at;
    uint64_t sequence = 0;  // 1, 2, 3, ... in the order of Push().
    uint32_t slot = 0;
  };
  struct Slot {
    Task task;
    uint64_t sequence = 0;  // 0: the slot is free.
    size_t position = 0;    // In heap_.
  };

  static bool Before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }
  Task Remove(size_t position);
  void Place(size_t position, const Entry& entry);
  void SiftUp(size_t position);
  void SiftDown(size_t position);

  uint64_t last_sequence_ = 0;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_EVENT_QUEUE_H_
