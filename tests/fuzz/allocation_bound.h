// AllocationBound: stops the fuzzer if more is allocated than was stated.
//
// Counts the bytes that are allocated and not yet freed since the object was
// made, by the hooks of the sanitizers. One object at a time; one thread.
#ifndef LB_TESTS_FUZZ_ALLOCATION_BOUND_H_
#define LB_TESTS_FUZZ_ALLOCATION_BOUND_H_

#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>

#include "lb/base/check.h"

namespace lb::fuzz {

class AllocationBound {
 public:
  explicit AllocationBound(int64_t bytes_max) {
    static const int installed =
        __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree);
    LB_CHECK(installed > 0);
    live = peak = 0;
    bytes_max_ = bytes_max;
  }
  AllocationBound(const AllocationBound&) = delete;
  AllocationBound& operator=(const AllocationBound&) = delete;
  ~AllocationBound() { LB_CHECK(peak <= bytes_max_); }

 private:
  static void OnMalloc(const volatile void*, size_t size) {
    live += static_cast<int64_t>(size);
    if (live > peak) peak = live;
  }
  static void OnFree(const volatile void* at) {
    if (at == nullptr) return;
    live -= static_cast<int64_t>(
        __sanitizer_get_allocated_size(const_cast<const void*>(at)));
  }

  static inline int64_t live = 0;  // Below zero: what was there before went.
  static inline int64_t peak = 0;
  int64_t bytes_max_;
};

}  // namespace lb::fuzz

#endif  // LB_TESTS_FUZZ_ALLOCATION_BOUND_H_
