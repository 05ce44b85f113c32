#include "daemon/placement/service_vip.h"

#include "daemon/placement/placement.h"

namespace lb {

election::Vip VipOf(const config::Desired& desired,
                    const config::Service& service,
                    const ipam::Assignment& assignment) {
  const ipam::AssignedAddress& first = assignment.addresses[0];
  election::Vip vip = {.address = first.address,
                       .dual_stack = IsDualStack(assignment),
                       .pool = first.pool,
                       .traffic = service.traffic};
  const auto labels = desired.pool_labels.find(vip.pool);
  if (labels != desired.pool_labels.end()) vip.pool_labels = labels->second;
  return vip;
}

}  // namespace lb
