// Interned: equal values kept once and named by a small number.
//
// Each number is good until it was released as often as acquired; then it may
// stand for another value. Not copyable: it points into itself.
#ifndef LB_IPAM_INTERNED_H_
#define LB_IPAM_INTERNED_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "lb/base/check.h"

namespace lb::ipam {

template <typename T>
class Interned {
 public:
  using Id = uint32_t;

  Interned() = default;
  Interned(Interned&&) = default;
  Interned& operator=(Interned&&) = default;

  Id Acquire(const T& value) {
    const auto [known, is_new] = ids_.try_emplace(value, 0);
    if (is_new) known->second = NewId();
    Slot& slot = slots_[known->second];
    slot.value = &known->first;  // Nodes of a std::map stay in place.
    ++slot.users;
    return known->second;
  }

  // REQUIRES: `id` was acquired more often than released.
  void Release(Id id) {
    Slot& slot = slots_.at(id);
    LB_CHECK(slot.users > 0);
    if (--slot.users > 0) return;
    ids_.erase(ids_.find(*slot.value));
    unused_.push_back(id);
  }

  // REQUIRES: as Release().
  const T& Get(Id id) const { return *slots_.at(id).value; }

 private:
  struct Slot {
    const T* value = nullptr;
    size_t users = 0;
  };

  Id NewId() {
    if (unused_.empty()) {
      slots_.emplace_back();
      return static_cast<Id>(slots_.size() - 1);
    }
    const Id id = unused_.back();
    unused_.pop_back();
    return id;
  }

  std::map<T, Id> ids_;
  std::vector<Slot> slots_;
  std::vector<Id> unused_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_INTERNED_H_
