// Remedies: what an operator can do about a service that has no address, or
// that no node announces. Each names the object and the field to change.
//
// Pure functions; each text completes "want ...", and is empty if there is
// nothing to add to the reason.
#ifndef LB_DAEMON_AGENT_REMEDIES_H_
#define LB_DAEMON_AGENT_REMEDIES_H_

#include <string>
#include <vector>

#include "lb/config/desired.h"
#include "lb/election/candidates.h"
#include "lb/election/explanation.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb {

// `is_held`: another service holds an address that this one asks for.
std::string RemedyForNoAddress(const ipam::ServiceRequest& request,
                               const std::vector<ipam::Pool>& pools,
                               bool is_held);

// `vip` needs its pool, the pool's labels and the service's traffic only.
std::string RemedyForNoAnnouncer(
    const std::vector<election::L2Advertisement>& advertisements,
    const election::Vip& vip, const election::Explanation& explanation);

}  // namespace lb

#endif  // LB_DAEMON_AGENT_REMEDIES_H_
