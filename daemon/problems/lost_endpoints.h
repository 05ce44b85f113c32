// LostEndpoints: the ready endpoints of a service that are on nodes which have
// failed.
//
// With externalTrafficPolicy Cluster kube-proxy sends requests to them until
// Kubernetes finds the node not ready. Only nodes whose speaker is a member
// that failed count, and not longer than gossip remembers them (30 s or so).
//
// Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_LOST_ENDPOINTS_H_
#define LB_DAEMON_PROBLEMS_LOST_ENDPOINTS_H_

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "daemon/node_view/node_view.h"
#include "daemon/problems/problem_collector.h"
#include "lb/election/cluster.h"

namespace lb {

using FailedNodes = std::set<std::string, std::less<>>;

FailedNodes FindFailedNodes(const NodeView& view);

// "2 of 3 endpoints are on nodes that failed (n2, n3)"; empty: none is, or the
// policy is Local.
std::string LostEndpointsText(const election::ServiceTraffic& traffic,
                              const FailedNodes& failed);
// The same of a service by name.
std::string LostEndpointsText(const NodeView& view, std::string_view service,
                              const FailedNodes& failed);

void AddLostEndpoints(const NodeView& view, ProblemCollector& problems);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_LOST_ENDPOINTS_H_
