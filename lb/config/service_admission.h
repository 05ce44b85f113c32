// ServiceAdmission: what a service asks for must be possible with the pools
// that there are.
//
// A service that asks for nothing may wait for a pool. One that asks for a
// pool, an address or a reservation that no pool can give is refused. Which
// addresses are free does not matter here. Pure state; one thread.
#ifndef LB_CONFIG_SERVICE_ADMISSION_H_
#define LB_CONFIG_SERVICE_ADMISSION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb::config {

class ServiceAdmission {
 public:
  // Takes pools by name. REQUIRES: ipam::ValidatePools() accepts all of them.
  void SetPools(const std::vector<ipam::Pool>& pools);

  // The problem that refuses the object, a Service; nullopt: it is admitted.
  // `request` is its request with the labels of its namespace.
  std::optional<Problem> Refusal(const Object& object,
                                 const ipam::ServiceRequest& request) const;

 private:
  std::string WantedOf(const ipam::ServiceRequest& request,
                       const absl::Status& verdict) const;

  ipam::Allocator allocator_;  // Holds nothing.
  std::vector<std::string> named_pools_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_SERVICE_ADMISSION_H_
