// What an agent looks like to Prometheus.
//
// Families metallb_... have MetalLB's names and labels and mean what they mean
// there, so its dashboards and alerts go on working; families lb_... are ours.
// Everything is read from the agent's state at the moment of the call: what is
// gone there (an address, a member) has no sample any more.
#ifndef LB_DAEMON_METRICS_AGENT_METRICS_H_
#define LB_DAEMON_METRICS_AGENT_METRICS_H_

#include <vector>

#include "daemon/agent/agent.h"
#include "prometheus/metric_family.h"

namespace lb::metrics {

// Loop thread only.
std::vector<prometheus::MetricFamily> CollectMetrics(const Agent& agent);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_AGENT_METRICS_H_
