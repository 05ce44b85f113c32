// Remedies: tells an operator what to do about a service that has no address,
// or that no node announces. Each names the object and the field to change.
//
// Pure functions; each text completes "want ...", and is empty if there is
// nothing to add to the reason.
#ifndef LB_DAEMON_PROBLEMS_REMEDIES_H_
#define LB_DAEMON_PROBLEMS_REMEDIES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/config/desired.h"
#include "lb/election/election.h"
#include "lb/election/explanation.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb {

// `is_held`: another service holds an address that this one asks for.
std::string RemedyForNoAddress(const ipam::ServiceRequest& request,
                               const std::vector<ipam::Pool>& pools,
                               bool is_held);

// By node: remedies for nodes whose hosts do not take the packets.
using DeliveryRemedies = std::map<std::string, std::string>;

// The remedy for a node whose host takes no packets for a family, or did not
// until lately. If `held_until` is set, the host takes them again, and the node
// can be elected from then on.
std::string RemedyForDelivery(const std::string& node,
                              std::optional<absl::Time> held_until);

// Only the pool of `vip`, the pool's labels and the service's traffic policy
// are used.
std::string RemedyForNoAnnouncer(
    const std::vector<election::L2Advertisement>& advertisements,
    const election::Vip& vip, const election::Explanation& explanation,
    const DeliveryRemedies& delivery);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_REMEDIES_H_
