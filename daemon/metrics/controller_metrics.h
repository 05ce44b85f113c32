// Metrics of a lbd with `role=controller` for Prometheus.
//
// Families metallb_... have the names, labels and meaning of MetalLB's
// controller. Only the controller that acts has samples of pools and services:
// those of several controllers would be added up.
#ifndef LB_DAEMON_METRICS_CONTROLLER_METRICS_H_
#define LB_DAEMON_METRICS_CONTROLLER_METRICS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/metrics/parts.h"
#include "lb/io/turn_meter.h"
#include "prometheus/metric_family.h"

namespace lb::metrics {

// What a page is made of; all of it outlives the call.
struct ControllerSight {
  const KubernetesNode& node;  // REQUIRES: it controls.
  ConfigFacts config;
  const io::TurnMeter& turns;
  absl::Time now;  // The loop's.
};

// Loop thread only, both.
std::vector<prometheus::MetricFamily> CollectControllerMetrics(
    const ControllerSight& sight);
// OK: it could assign, or another controller does. Unavailable: what it waits
// for.
absl::Status Readiness(const KubernetesNode& node);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_CONTROLLER_METRICS_H_
