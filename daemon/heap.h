// ConfigureHeap: memory that is freed goes back to the system.
#ifndef LB_DAEMON_HEAP_H_
#define LB_DAEMON_HEAP_H_

namespace lb {

// Sets glibc's allocator up. Call it first in main(). Without it the largest
// block that was ever freed decides which ones are kept (mallopt(3),
// M_MMAP_THRESHOLD), and each of gRPC's threads keeps what its busiest moment
// took: who once sent much would be remembered for good.
void ConfigureHeap();

}  // namespace lb

#endif  // LB_DAEMON_HEAP_H_
