#include "daemon/heap.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "lb/io/turn_cause.h"

namespace lb {
namespace {

constexpr int kLargeBlock = 128 << 10;  // glibc's own first value.
constexpr int kArenas = 2;  // The loop's, and one for all other threads.

// Resident bytes that are in no used block of the heap: programs, stacks, and
// freed memory. The growth of the process would be a wrong measure: blocks that
// are in use at one trim would later count as memory that cannot be returned.
size_t IdleBytes() {
  const struct mallinfo2 heap = mallinfo2();
  const size_t resident = ResidentBytes();
  return resident - std::min(resident, heap.uordblks + heap.hblkhd);
}

}  // namespace

void ConfigureHeap() {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  mallopt(M_ARENA_MAX, kArenas);
}

size_t ResidentBytes() {
  size_t all = 0;
  size_t resident = 0;  // Pages, both.
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

HeapTrimmer::HeapTrimmer(io::Loop* loop)
    : loop_(loop), timer_(loop->NewTimer([this] { OnTimer(); })) {
  timer_->Arm(loop_->Now() + kInterval);
}

void HeapTrimmer::OnTimer() {
  const io::TurnCause cause(loop_, "returns memory");
  timer_->Arm(loop_->Now() + kInterval);
  if (IdleBytes() < kept_ + kGrowth) return;
  malloc_trim(0);
  kept_ = IdleBytes();
}

}  // namespace lb
