// LeaseRecord: the spec of a Lease (coordination.k8s.io/v1) that is used for an
// election.
//
// Values and pure functions, any thread.
#ifndef LB_KUBERNETES_LEASE_RECORD_H_
#define LB_KUBERNETES_LEASE_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

struct LeaseRecord {
  std::string holder;  // Empty: it was released.
  absl::Duration duration;
  // The texts of others: no decision rests on what a foreign clock says.
  std::string acquire_time;
  std::string renew_time;
  int64_t transitions = 0;
  // The object's; not compared.
  std::string resource_version;

  // True if the holder wrote nothing between the two.
  bool IsSameAs(const LeaseRecord& other) const {
    return holder == other.holder && duration == other.duration &&
           acquire_time == other.acquire_time &&
           renew_time == other.renew_time && transitions == other.transitions;
  }
};

// The resource of Leases.
Resource LeaseResource();

// InvalidArgument: no object with a resourceVersion, or a duration that is not
// 1..86400 s. Absent fields are empty, an absent duration is 1 s.
absl::StatusOr<LeaseRecord> ReadLease(const config::YamlNode& lease);

// The Lease as a new object.
std::string NewLease(const ObjectKey& key, const LeaseRecord& record);
// The merge patch of the spec, for the object at the record's version.
std::string LeasePatch(const LeaseRecord& record);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_LEASE_RECORD_H_
