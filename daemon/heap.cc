#include "daemon/heap.h"

#include <malloc.h>

namespace lb {
namespace {

constexpr int kLargeBlock = 128 << 10;  // glibc's own first value.
constexpr int kArenas = 2;  // The loop's, and one for all other threads.

}  // namespace

void ConfigureHeap() {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  mallopt(M_ARENA_MAX, kArenas);
}

}  // namespace lb
