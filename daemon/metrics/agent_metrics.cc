#include "daemon/metrics/agent_metrics.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/life_stage.h"
#include "daemon/metrics/families.h"
#include "daemon/metrics/parts.h"
#include "daemon/metrics/routing_parts.h"
#include "daemon/routing/routing.h"

namespace lb::metrics {
namespace {

NodeFacts NodeFactsOf(const NodeView& view) {
  const ipam::Ledger& ledger = view.addresses.ledger();
  return {.ready = view.ready(),
          .draining = view.drain.is_on,
          .state_unsaved = !view.addresses.save_error().ok(),
          .ledger_records = ledger.size(),
          .ledger = ledger.counters()};
}

std::vector<std::pair<std::string, ipam::PoolUsage>> PoolsOf(
    const NodeView& view) {
  std::vector<std::pair<std::string, ipam::PoolUsage>> pools;
  for (const ipam::Pool& pool : view.addresses.pools()) {
    const auto usage = view.addresses.Usage(pool.name);
    if (usage.ok()) pools.emplace_back(pool.name, *usage);
  }
  return pools;
}

ServiceCounts ServicesOf(const NodeView& view) {
  ServiceCounts counts = {.allocation_failures =
                              view.tally.allocation_failures()};
  for (const auto& [service, entry] : view.entries()) {
    const auto place = view.placement().find(service);
    const bool announced =
        (place != view.placement().end() &&
         !place->second.announcers.empty()) ||
        view.routing.IsRouted(view.desired, view.entries(), service);
    ++(entry.assignment.addresses.empty() ? counts.pending
       : announced                        ? counts.announced
                                          : counts.unannounced);
  }
  return counts;
}

AnnouncedFacts AnnouncedOf(const NodeView& view) {
  AnnouncedFacts announced = {.node = view.options.node};
  for (const auto& [service, place] : view.placement()) {
    if (!IsElected(place, view.options.node)) continue;
    for (const auto& held : AddressesOf(view.entries(), service)) {
      if (!view.announcing.elected().contains(held.address)) continue;
      announced.layer2.emplace_back(service, held.address);
    }
  }
  const RoutePlanner& planner = view.routing.planner();
  for (const auto& [service, plan] : planner.plans()) {
    if (plan.verdict != bgp::AdvertiseVerdict::kAnnounces) continue;
    for (const auto& held : AddressesOf(view.entries(), service)) {
      if (!planner.addresses().contains(held.address)) continue;
      announced.bgp.emplace_back(service, held.address);
    }
  }
  return announced;
}

std::vector<PeerFacts> PeersOf(const Routing& routing) {
  std::map<std::string, std::string> endpoints;
  for (const bgp::PeerOptions& options : routing.plan().peers) {
    endpoints[options.name] = options.endpoint().ToString();
  }
  std::vector<PeerFacts> peers;
  for (bgp::PeerStatus& status : routing.Peers()) {
    std::string endpoint = endpoints[status.name];
    peers.push_back({std::move(endpoint), std::move(status)});
  }
  return peers;
}

std::vector<BfdFacts> BfdOf(const Routing& routing) {
  std::vector<BfdFacts> sessions;
  for (const auto& [key, session] : routing.BfdSessions()) {
    sessions.push_back({key.remote.ToString(), session.status});
  }
  return sessions;
}

void AddElections(const Tally& tally, Families* families) {
  families->Begin(kCounter, "lb_election_changes_total",
                  "Services whose announcing node changed.");
  families->Add(tally.election_changes());
  families->Begin(kHistogram, "lb_takeover_duration_seconds",
                  "Time of each takeover by this node of a service from a node "
                  "that failed or left: from the last sign of life of that "
                  "node to the announcement.");
  families->Add(tally.takeovers());
}

GossipFacts GossipOf(const NodeView& view) {
  const gossip::GossipNode& node = view.gossip();
  GossipFacts facts = {.counters = node.counters(),
                       .members = node.Members(),
                       .unverified = node.unverified(),
                       .health_score = node.health_score()};
  for (const auto& [member, answer] : view.tally.answers()) {
    facts.round_trips.emplace_back(member, answer.round_trip);
  }
  return facts;
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectMetrics(const NodeView& view) {
  const announce::AnnounceNode& node = view.announcing.node();
  const announce::Announcer& announcer = node.announcer();
  Families families;
  AddNode(NodeFactsOf(view), &families);
  if (view.host.turns != nullptr) {
    AddTurns(*view.host.turns, view.now, &families);
  }
  AddConfig({.reads = view.tally.manifests_read(),
             .refusals = view.tally.manifests_refused(),
             .has_problems = !view.desired.problems.empty()},
            &families);
  AddPools(PoolsOf(view), &families);
  AddServices(ServicesOf(view), &families);
  AddAnnounced(AnnouncedOf(view), &families);
  AddPeers(PeersOf(view.routing), &families);
  AddBfd(BfdOf(view.routing), &families);
  AddElections(view.tally, &families);
  AddFrames({.counters = announcer.counters(),
             .verdicts = announcer.verdicts(),
             .unsent = node.frames_unsent(),
             .announcements_refused = announcer.refused()},
            &families);
  AddInterfaces(node.interfaces(), &families);
  AddGossip(GossipOf(view), &families);
  return std::move(families).Take();
}

absl::Status Readiness(const NodeView& view) {
  if (Leaves(view.stage)) return absl::UnavailableError("lbd ends");
  if (!view.ready()) {
    return absl::UnavailableError("waits for what the other nodes know");
  }
  if (view.api_server && view.api_server->as_of == absl::InfinitePast()) {
    return absl::UnavailableError("waits for the API server's objects");
  }
  return absl::OkStatus();
}

}  // namespace lb::metrics
