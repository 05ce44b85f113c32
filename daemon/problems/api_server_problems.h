// Problems that a node has with the API server, and sees there.
//
// Loop thread only.
#ifndef LB_DAEMON_PROBLEMS_API_SERVER_PROBLEMS_H_
#define LB_DAEMON_PROBLEMS_API_SERVER_PROBLEMS_H_

#include "daemon/node_view/node_view.h"
#include "daemon/problems/problem_collector.h"

namespace lb {

// kube-proxy lets the kernel answer for services' addresses.
void AddKubeProxy(const NodeView& view, ProblemCollector& problems);

// None while the server is followed, nor within the first seconds without it:
// a watch that ends is followed by another.
void AddApiServer(const NodeView& view, ProblemCollector& problems);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_API_SERVER_PROBLEMS_H_
