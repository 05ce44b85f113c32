// ConfigureHeap, HeapTrimmer: memory that is freed goes back to the system.
#ifndef LB_DAEMON_HEAP_H_
#define LB_DAEMON_HEAP_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "lb/io/loop.h"

namespace lb {

// Sets glibc's allocator up. Call it first in main(). Without it the largest
// block that was ever freed decides which ones are kept (mallopt(3),
// M_MMAP_THRESHOLD), and each of gRPC's threads keeps the memory of its busiest
// moment: a caller that once sent much would cost it for good.
void ConfigureHeap();

// Bytes of the process that are in memory now; 0: the system does not say.
size_t ResidentBytes();

// Looks now and then whether the process holds more that is not in use than
// after it was last trimmed, and then returns pages without anything in use
// (malloc_trim(3)): some milliseconds for 50 MB. Many small blocks with a few
// among them that stay leave such pages behind.
class HeapTrimmer {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(20);
  // By less than this it may grow.
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
