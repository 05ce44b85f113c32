// PoolRecord: what an IPAddressPool of the API server says of its addresses in
// use, and the patch that says it.
//
// The four counts are MetalLB's. They are 64-bit numbers there: an IPv6 pool
// may have more addresses, and then says the greatest such number. Pure; any
// thread.
#ifndef LB_DAEMON_KUBERNETES_POOL_RECORD_H_
#define LB_DAEMON_KUBERNETES_POOL_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "lb/config/yaml_tree.h"
#include "lb/ipam/assignment.h"
#include "lb/kubernetes/object_meta.h"

namespace lb {

struct PoolCounts {
  int64_t assigned_ipv4 = 0;
  int64_t assigned_ipv6 = 0;
  int64_t available_ipv4 = 0;
  int64_t available_ipv6 = 0;

  friend bool operator==(const PoolCounts&, const PoolCounts&) = default;
};

struct PoolRecord {
  kubernetes::ObjectMeta meta;
  // Nullopt: the object has no status, or one that is not to be understood.
  std::optional<PoolCounts> counts;
  bool is_gone = false;
};

PoolRecord ReadPoolRecord(const kubernetes::ObjectMeta& meta,
                          const config::YamlNode& object);

// An address that no service can have is neither assigned nor available.
PoolCounts CountsOf(const ipam::PoolUsage& usage);

// A merge patch of the status. It names no resourceVersion: the counts are this
// writer's alone, and the last ones are right.
std::string PoolStatusPatch(const PoolCounts& counts);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_POOL_RECORD_H_
