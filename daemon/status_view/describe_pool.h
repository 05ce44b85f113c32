// The parts of a pool's status beyond counts: addresses that hosts have, and
// services that hold some although no manifest asks for them.
//
// Pure.
#ifndef LB_DAEMON_STATUS_VIEW_DESCRIBE_POOL_H_
#define LB_DAEMON_STATUS_VIEW_DESCRIBE_POOL_H_

#include "lb/ipam/pool.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

inline constexpr int kListedOfPoolMax = 100;  // As status.proto says.

void AddTaken(const ipam::ReplicatedAllocator& allocator,
              const ipam::Pool& pool, status::v1::Pool* described);
void AddAbsentHolders(const ipam::ReplicatedAllocator& allocator,
                      status::v1::Pool* described);

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_DESCRIBE_POOL_H_
