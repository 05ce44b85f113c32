// Problems with the BGP peers of this node and with the routes that it tells
// them.
//
// Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_ROUTING_PROBLEMS_H_
#define LB_DAEMON_PROBLEMS_ROUTING_PROBLEMS_H_

#include "daemon/node_view/node_view.h"
#include "daemon/problems/problem_collector.h"

namespace lb {

// Peers without a session, those whose session is not Established for some
// seconds, and families that an Established one is not told.
void AddPeers(const NodeView& view, ProblemCollector& problems);

// BFD sessions that cannot hear or send.
void AddBfdSockets(const NodeView& view, ProblemCollector& problems);

// Routes that are told otherwise than an advertisement asks, or not at all.
void AddRoutes(const NodeView& view, ProblemCollector& problems);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_ROUTING_PROBLEMS_H_
