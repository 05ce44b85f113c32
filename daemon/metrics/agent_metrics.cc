#include "daemon/metrics/agent_metrics.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/metrics/families.h"
#include "daemon/metrics/parts.h"

namespace lb::metrics {
namespace {

NodeFacts NodeFactsOf(const Agent& agent) {
  const ipam::Ledger& ledger = agent.addresses().ledger();
  return {.ready = agent.ready(),
          .draining = agent.draining(),
          .state_unsaved = !agent.addresses().save_error().ok(),
          .ledger_records = ledger.size(),
          .ledger = ledger.counters()};
}

std::vector<std::pair<std::string, ipam::PoolUsage>> PoolsOf(
    const Agent& agent) {
  std::vector<std::pair<std::string, ipam::PoolUsage>> pools;
  for (const ipam::Pool& pool : agent.addresses().pools()) {
    const auto usage = agent.addresses().Usage(pool.name);
    if (usage.ok()) pools.emplace_back(pool.name, *usage);
  }
  return pools;
}

ServiceCounts ServicesOf(const Agent& agent) {
  ServiceCounts counts = {.allocation_failures =
                              agent.tally().allocation_failures()};
  for (const auto& [service, entry] : agent.address_entries()) {
    const auto place = agent.placement().find(service);
    ++(entry.assignment.addresses.empty() ? counts.pending
       : place == agent.placement().end() || place->second.announcers.empty()
           ? counts.unannounced
           : counts.announced);
  }
  return counts;
}

std::vector<std::pair<std::string, net::IpAddress>> AnnouncedOf(
    const Agent& agent) {
  std::vector<std::pair<std::string, net::IpAddress>> announced;
  for (const auto& [service, place] : agent.placement()) {
    if (!IsElected(place, agent.options().node)) continue;
    for (const auto& held : AddressesOf(agent.address_entries(), service)) {
      if (!agent.announcing().elected().contains(held.address)) continue;
      announced.emplace_back(service, held.address);
    }
  }
  return announced;
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

GossipFacts GossipOf(const Agent& agent) {
  const gossip::GossipNode& node = agent.gossip();
  GossipFacts facts = {.counters = node.counters(),
                       .members = node.Members(),
                       .unverified = node.unheard(),
                       .health_score = node.health_score()};
  for (const auto& [member, answer] : agent.tally().answers()) {
    facts.round_trips.emplace_back(member, answer.round_trip);
  }
  return facts;
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectMetrics(const Agent& agent) {
  const announce::AnnounceNode& node = agent.announcer();
  const announce::Announcer& announcer = node.announcer();
  Families families;
  AddNode(NodeFactsOf(agent), &families);
  if (agent.turns() != nullptr) {
    AddTurns(*agent.turns(), agent.now(), &families);
  }
  AddConfig({.reads = agent.tally().manifests_read(),
             .refusals = agent.tally().manifests_refused(),
             .has_problems = !agent.desired().problems.empty()},
            &families);
  AddPools(PoolsOf(agent), &families);
  AddServices(ServicesOf(agent), &families);
  AddAnnounced(agent.options().node, AnnouncedOf(agent), &families);
  AddElections(agent.tally(), &families);
  AddFrames({.counters = announcer.counters(),
             .verdicts = announcer.verdicts(),
             .unsent = node.frames_unsent(),
             .announcements_refused = announcer.refused()},
            &families);
  AddInterfaces(node.interfaces(), &families);
  AddGossip(GossipOf(agent), &families);
  return std::move(families).Take();
}

}  // namespace lb::metrics
