#include "daemon/metrics/controller_metrics.h"

#include <string>
#include <utility>

#include "daemon/kubernetes/controller.h"
#include "daemon/metrics/families.h"
#include "lb/config/version.h"
#include "lb/kubernetes/write_request.h"

namespace lb::metrics {
namespace {

using kubernetes::WriteVerdict;

void AddProcess(const KubernetesNode& node, Families* families) {
  families->Begin(kGauge, "lb_build_info",
                  "Always 1; the label has lbd's version.");
  families->Add({{"version", std::string(config::kVersion)}}, 1);
  families->Begin(kGauge, "lb_ready",
                  "1 once all objects of the API server are known.");
  families->Add(node.source().is_complete() ? 1 : 0);
  families->Begin(kGauge, "lb_api_server_followed",
                  "1 while all kinds of objects are being followed.");
  families->Add(node.source().is_synchronized() ? 1 : 0);
  families->Begin(kGauge, "lb_controller_acts",
                  "1 while this controller holds the Lease and assigns.");
  families->Add(node.controller()->acts() ? 1 : 0);
}

void AddServices(const ControllerCore& core, Families* families) {
  families->Begin(kGauge, "lb_controller_services",
                  "Services of type LoadBalancer: assigned, or pending "
                  "(without an address in their status).");
  if (!core.acts()) return;
  const ControllerCore::ServiceCounts counts = core.CountServices();
  families->Add({{"state", "assigned"}}, counts.assigned);
  families->Add({{"state", "pending"}}, counts.pending);
}

void AddPools(const ControllerCore& core, Families* families) {
  std::vector<std::pair<std::string, ipam::PoolUsage>> pools;
  if (core.acts()) pools = core.PoolUsages();
  AddPools(pools, families);
}

// A write that another one of the same object took the place of is none.
void AddWrites(const Controller& controller, Families* families) {
  const auto ended = controller.Writes();
  const auto count = [&](WriteVerdict verdict) {
    const auto found = ended.find(verdict);
    return found == ended.end() ? uint64_t{0} : found->second;
  };
  families->Begin(kCounter, "lb_api_writes_total",
                  "Writes to the API server, by their end.");
  families->Add({{"verdict", "done"}}, count(WriteVerdict::kDone));
  families->Add({{"verdict", "unneeded"}},
                count(WriteVerdict::kUnneeded) + count(WriteVerdict::kExists));
  families->Add({{"verdict", "gone"}}, count(WriteVerdict::kGone));
  families->Add({{"verdict", "refused"}},
                count(WriteVerdict::kRefused) + count(WriteVerdict::kConflict));
  families->Add({{"verdict", "overflow"}}, count(WriteVerdict::kOverflow));
  families->Begin(kGauge, "lb_api_writes_waiting",
                  "Writes that wait for the API server or are under way.");
  families->Add(controller.writes_waiting());
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectControllerMetrics(
    const ControllerSight& sight) {
  Families families;
  AddProcess(sight.node, &families);
  AddConfig(sight.config, &families);
  const Controller& controller = *sight.node.controller();
  AddServices(controller.core(), &families);
  AddPools(controller.core(), &families);
  AddWrites(controller, &families);
  AddTurns(sight.turns, sight.now, &families);
  return std::move(families).Take();
}

absl::Status Readiness(const KubernetesNode& node) {
  if (node.source().is_complete()) return absl::OkStatus();
  return absl::UnavailableError("waits for the API server's objects");
}

}  // namespace lb::metrics
