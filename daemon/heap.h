// ConfigureHeap and HeapTrimmer give freed memory back to the system.
#ifndef LB_DAEMON_HEAP_H_
#define LB_DAEMON_HEAP_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "lb/io/loop.h"

namespace lb {

// Sets up glibc's allocator. Call it first in main(). Without it the largest
// block that was ever freed decides which blocks are kept (mallopt(3),
// M_MMAP_THRESHOLD), and each of gRPC's threads keeps the memory of its busiest
// moment, so one large request would cost memory for good.
void ConfigureHeap();

// Bytes of the process that are in memory now; 0: the system does not say.
size_t ResidentBytes();

// Checks now and then whether the process holds more unused memory than after
// the last trim. If so, it returns pages without anything in use
// (malloc_trim(3)), which takes some milliseconds for 50 MB. Such pages come
// from many small blocks of which a few stay.
class HeapTrimmer {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(20);
  // Trims after unused memory has grown by this much.
  static constexpr size_t kGrowth = 2 << 20;

  // The loop outlives it.
  explicit HeapTrimmer(io::Loop* loop);

 private:
  void OnTimer();

  io::Loop* const loop_;
  size_t kept_ = 0;  // IdleBytes() after it was last trimmed.
  const std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_HEAP_H_
