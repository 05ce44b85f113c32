// ExplainRoutes: which nodes announce a service by BGP, with which routes and
// to which peers, and why the others do not. For `lbctl explain`.
//
// A pure function over values; any thread. Goes with the nodes times the
// advertisements.
#ifndef LB_DAEMON_ROUTES_EXPLAIN_ROUTES_H_
#define LB_DAEMON_ROUTES_EXPLAIN_ROUTES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/placement/placement.h"
#include "daemon/routes/node_advertisements.h"
#include "lb/bgp/advertisements/advertise_verdict.h"
#include "lb/config/desired.h"

namespace lb {

struct NodeRoutes {
  bgp::AdvertiseVerdict verdict = bgp::AdvertiseVerdict::kNotOwner;
  std::string conflict;  // With kConflictingAdvertisements.
  // "192.0.2.10/32 to tor-a, tor-b", by prefix; "... to no peer" if the
  // advertisement names none that the node has.
  std::vector<std::string> routes;
  // What may surprise, such as an aggregate that draws traffic for services
  // which have no endpoint on this node.
  std::vector<std::string> notices;

  friend bool operator==(const NodeRoutes&, const NodeRoutes&) = default;
};

// Every node of the Desired, and `here`, by name. Empty: there is no such
// service, or it has no address.
std::map<std::string, NodeRoutes, std::less<>> ExplainRoutes(
    const config::Desired& desired, const AddressEntries& entries,
    std::string_view service, const NodeIdentity& here);

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_EXPLAIN_ROUTES_H_
