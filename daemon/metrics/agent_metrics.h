// Metrics of a node for Prometheus.
//
// Families metallb_... have MetalLB's names, labels and meaning, so its
// dashboards and alerts go on working; families lb_... are this project's.
// All values are read from the node's state at the moment of the call: an
// address or a member that is gone has no sample any more.
#ifndef LB_DAEMON_METRICS_AGENT_METRICS_H_
#define LB_DAEMON_METRICS_AGENT_METRICS_H_

#include <vector>

#include "absl/status/status.h"
#include "daemon/node_view/node_view.h"
#include "prometheus/metric_family.h"

namespace lb::metrics {

// Loop thread only, both.
std::vector<prometheus::MetricFamily> CollectMetrics(const NodeView& view);
// OK: the node acts by objects that it knows. Unavailable: what it waits for,
// or that it leaves.
absl::Status Readiness(const NodeView& view);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_AGENT_METRICS_H_
