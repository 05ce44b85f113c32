#include "daemon/problems/lost_endpoints.h"

#include <fmt/format.h>

#include "lb/config/difference.h"
#include "lb/gossip/member.h"

namespace lb {

FailedNodes FindFailedNodes(const NodeView& view) {
  FailedNodes failed;
  for (const gossip::Member& member : view.gossip().Members()) {
    const bool has_failed = member.state == gossip::wire::NodeState::kDead;
    if (has_failed) failed.insert(member.name);
  }
  return failed;
}

std::string LostEndpointsText(const election::ServiceTraffic& traffic,
                              const FailedNodes& failed) {
  const bool is_local =
      traffic.external_traffic_policy == election::TrafficPolicy::kLocal;
  if (failed.empty() || is_local || !traffic.endpoints) return "";
  size_t usable = 0;
  size_t lost = 0;
  FailedNodes nodes;
  for (const election::ServiceEndpoint& endpoint : *traffic.endpoints) {
    if (!endpoint.IsUsable()) continue;
    ++usable;
    if (!failed.contains(endpoint.node)) continue;
    ++lost;
    nodes.insert(endpoint.node);
  }
  if (lost == 0) return "";
  return fmt::format("{} of {} endpoints are on nodes that failed ({})", lost,
                     usable, fmt::join(nodes, ", "));
}

std::string LostEndpointsText(const NodeView& view, std::string_view service,
                              const FailedNodes& failed) {
  if (failed.empty()) return "";
  const auto found = view.desired.services.find(service);
  return found == view.desired.services.end()
             ? ""
             : LostEndpointsText(found->second.traffic, failed);
}

void AddLostEndpoints(const NodeView& view, ProblemCollector& problems) {
  const FailedNodes failed = FindFailedNodes(view);
  if (failed.empty()) return;
  for (const auto& [service, wanted] : view.desired.services) {
    const std::string lost = LostEndpointsText(wanted.traffic, failed);
    if (lost.empty()) continue;
    const std::string object = "Service/" + service;
    problems.push_back(
        {ProblemKind::kLostEndpoints, object,
         fmt::format("{}: {}, and as many requests fail until Kubernetes finds "
                     "that out, want the nodes back, or fast-node-failure",
                     object, lost)});
  }
}

}  // namespace lb
