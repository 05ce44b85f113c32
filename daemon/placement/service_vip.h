// VipOf: a service with its addresses, as elections have it.
//
// The first address decides. Pure; any thread.
#ifndef LB_DAEMON_PLACEMENT_SERVICE_VIP_H_
#define LB_DAEMON_PLACEMENT_SERVICE_VIP_H_

#include "lb/config/desired.h"
#include "lb/election/cluster.h"
#include "lb/ipam/assignment.h"

namespace lb {

// Without a holder. `desired` has the labels of pools. REQUIRES: `assignment`
// has an address.
election::Vip VipOf(const config::Desired& desired,
                    const config::Service& service,
                    const ipam::Assignment& assignment);

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_SERVICE_VIP_H_
