#include "daemon/metrics/agent_metrics.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/metrics/families.h"
#include "daemon/metrics/gossip_metrics.h"
#include "lb/announce/verdict.h"
#include "lb/base/duration_histogram.h"
#include "lb/config/printable.h"
#include "lb/config/version.h"
#include "lb/io/turn_meter.h"

namespace lb::metrics {
namespace {

using announce::AddressCounters;
using announce::Verdict;
using config::Printable;

double ToDouble(absl::uint128 number) { return static_cast<double>(number); }

// MetalLB's controller.
void AddPools(const Agent& agent, Families* families) {
  struct Field {
    const char* name;
    const char* help;
    absl::uint128 (*value)(const ipam::PoolUsage& usage);
  };
  using Usage = ipam::PoolUsage;
  static constexpr Field kFields[] = {
      {"metallb_allocator_addresses_total",
       "Addresses of the pool, both families.",
       [](const Usage& u) { return u.total_ipv4 + u.total_ipv6; }},
      {"metallb_allocator_addresses_in_use_total",
       "Addresses of the pool in use, both families.",
       [](const Usage& u) { return u.used_ipv4 + u.used_ipv6; }},
      {"metallb_allocator_ipv4_addresses_total", "IPv4 addresses of the pool.",
       [](const Usage& u) { return u.total_ipv4; }},
      {"metallb_allocator_ipv4_addresses_in_use_total",
       "IPv4 addresses of the pool in use.",
       [](const Usage& u) { return u.used_ipv4; }},
      {"metallb_allocator_ipv6_addresses_total", "IPv6 addresses of the pool.",
       [](const Usage& u) { return u.total_ipv6; }},
      {"metallb_allocator_ipv6_addresses_in_use_total",
       "IPv6 addresses of the pool in use.",
       [](const Usage& u) { return u.used_ipv6; }},
  };
  for (const Field& field : kFields) {
    families->Begin(kUntyped, field.name, field.help);
    for (const ipam::Pool& pool : agent.addresses().pools()) {
      const auto usage = agent.addresses().Usage(pool.name);
      if (!usage.ok()) continue;
      families->Add({{"pool", pool.name}}, ToDouble(field.value(*usage)));
    }
  }
}

// MetalLB's speaker: what this node announces.
void AddAnnounced(const Agent& agent, Families* families) {
  const std::string node = Printable(agent.options().node);
  families->Begin(kGauge, "metallb_speaker_announced",
                  "Services that are announced from this node.");
  for (const auto& [service, place] : agent.placement()) {
    if (place.node != agent.options().node) continue;
    const auto entry = agent.address_entries().find(service);
    if (entry == agent.address_entries().end()) continue;
    for (const auto& held : entry->second.assignment.addresses) {
      if (!agent.announcing().elected().contains(held.address)) continue;
      families->Add({{"service", service},
                     {"protocol", "layer2"},
                     {"node", node},
                     {"ip", held.address.ToString()}},
                    1);
    }
  }
}

void AddFrames(const Agent& agent, Families* families) {
  const announce::Announcer& announcer = agent.announcer().announcer();
  struct Field {
    prometheus::MetricType type;
    const char* name;
    const char* help;
    uint64_t AddressCounters::*value;
  };
  static constexpr Field kFields[] = {
      {kUntyped, "metallb_layer2_requests_received",
       "ARP and NDP requests for the address.",
       &AddressCounters::requests_received},
      {kUntyped, "metallb_layer2_responses_sent",
       "ARP and NDP answers for the address.",
       &AddressCounters::responses_sent},
      {kUntyped, "metallb_layer2_gratuitous_sent",
       "Unsolicited ARP and NDP frames for the address.",
       &AddressCounters::gratuitous_sent},
      {kCounter, "lb_address_conflicts_total",
       "Frames of other hosts that claim the address.",
       &AddressCounters::conflicts_seen},
  };
  for (const Field& field : kFields) {
    families->Begin(field.type, field.name, field.help);
    for (const auto& [address, counters] : announcer.counters()) {
      families->Add({{"ip", address.ToString()}}, counters.*field.value);
    }
  }
  families->Begin(kCounter, "lb_frames_received_total",
                  "ARP and NDP frames received, by what became of them.");
  for (size_t i = 0; i < announce::kVerdictCount; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    families->Add({{"verdict", std::string(ToString(verdict))}},
                  announcer.verdicts()[verdict]);
  }
  families->Begin(kCounter, "lb_frames_unsent_total",
                  "Frames that the kernel did not take.");
  families->Add(agent.announcer().frames_unsent());
  families->Begin(kGauge, "lb_announcements_refused",
                  "Addresses times interfaces beyond what one node may "
                  "announce.");
  families->Add(announcer.refused());
}

// One sample per interface and protocol; its state is a label.
void AddInterfaces(const Agent& agent, Families* families) {
  families->Begin(kGauge, "lb_interface_usable",
                  "1 if the interface is fit for announcing, else 0; the "
                  "label says why.");
  for (const auto& choice : agent.announcer().interfaces()) {
    const auto add = [&](const char* protocol, announce::InterfaceState state) {
      families->Add({{"interface", Printable(choice.interface.name)},
                     {"protocol", protocol},
                     {"state", std::string(announce::ToString(state))}},
                    state == announce::InterfaceState::kUsable ? 1 : 0);
    };
    add("arp", choice.arp);
    add("ndp", choice.ndp);
  }
}

std::string FailureName(absl::StatusCode code) {
  switch (code) {  // As Allocator has them.
    case absl::StatusCode::kInvalidArgument:
      return "contradiction";
    case absl::StatusCode::kNotFound:
      return "no_such_pool";
    case absl::StatusCode::kFailedPrecondition:
      return "pool_not_open";
    case absl::StatusCode::kAlreadyExists:
      return "address_taken";
    case absl::StatusCode::kResourceExhausted:
      return "no_address_left";
    default:
      return "other";
  }
}

void AddServices(const Agent& agent, Families* families) {
  std::map<std::string, int> states = {
      {"announced", 0}, {"unannounced", 0}, {"pending", 0}};
  for (const auto& [service, entry] : agent.address_entries()) {
    const auto place = agent.placement().find(service);
    ++states[entry.assignment.addresses.empty() ? "pending"
             : place == agent.placement().end() || place->second.node.empty()
                 ? "unannounced"
                 : "announced"];
  }
  families->Begin(kGauge, "lb_services",
                  "Services: announced by some node, by none, or pending "
                  "(without an address).");
  for (const auto& [state, count] : states) {
    families->Add({{"state", state}}, count);
  }
  families->Begin(kCounter, "lb_allocation_failures_total",
                  "Services that were refused an address, by reason.");
  std::map<std::string, uint64_t> failures = {
      {"contradiction", 0}, {"no_such_pool", 0},    {"pool_not_open", 0},
      {"address_taken", 0}, {"no_address_left", 0}, {"other", 0}};
  for (const auto& [code, count] : agent.tally().allocation_failures()) {
    failures[FailureName(code)] += count;
  }
  for (const auto& [reason, count] : failures) {
    families->Add({{"reason", reason}}, count);
  }
}

template <const auto& kBounds>
prometheus::ClientMetric::Histogram ToPrometheus(
    const DurationHistogram<kBounds>& durations) {
  prometheus::ClientMetric::Histogram histogram;
  for (size_t i = 0; i < durations.counts.size(); ++i) {
    histogram.sample_count += durations.counts[i];
    histogram.bucket.push_back({histogram.sample_count,
                                i < kBounds.size()
                                    ? kBounds[i]
                                    : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_sum = absl::ToDoubleSeconds(durations.sum);
  return histogram;
}

void AddElections(const Agent& agent, Families* families) {
  families->Begin(kCounter, "lb_election_changes_total",
                  "Services that went from one node to another.");
  families->Add(agent.tally().election_changes());
  families->Begin(kHistogram, "lb_takeover_duration_seconds",
                  "Per service that came here from a node that failed or "
                  "left: from the last that was heard of that node to the "
                  "announcement.");
  families->Add(ToPrometheus(agent.tally().takeovers()));
}

// The lengths are what others wait for an answer; by the processor times a busy
// machine is told from a busy loop.
void AddTurns(const Agent& agent, Families* families) {
  if (agent.turns() == nullptr) return;
  families->Begin(kHistogram, "lb_loop_turn_seconds",
                  "Turns of the loop, in each of which it does one thing and "
                  "answers nothing else.");
  families->Add(ToPrometheus(agent.turns()->lengths()));
  families->Begin(kHistogram, "lb_loop_turn_processor_seconds",
                  "Processor time of the same turns; below a millisecond an "
                  "upper bound.");
  families->Add(ToPrometheus(agent.turns()->processor_times()));
  families->Begin(kGauge, "lb_loop_longest_turn_seconds",
                  "Longest turn of the loop in the last 10 minutes.");
  const auto longest = agent.turns()->RecentLongest(agent.now());
  families->Add(longest ? absl::ToDoubleSeconds(longest->length) : 0);
}

void AddConfig(const Agent& agent, Families* families) {
  const Tally& tally = agent.tally();
  families->Begin(kGauge, "metallb_k8s_client_config_loaded_bool",
                  "1 if the configuration was read at least once.");
  families->Add(tally.manifests_read() > 0 ? 1 : 0);
  families->Begin(kGauge, "metallb_k8s_client_config_stale_bool",
                  "1 if part of the configuration was refused, so that older "
                  "values are in force.");
  families->Add(agent.desired().problems.empty() ? 0 : 1);
  families->Begin(kCounter, "metallb_k8s_client_updates_total",
                  "Times that the configuration was read.");
  families->Add(tally.manifests_read());
  families->Begin(kCounter, "metallb_k8s_client_update_errors_total",
                  "Times that part of it was refused.");
  families->Add(tally.manifests_refused());
}

void AddNode(const Agent& agent, Families* families) {
  families->Begin(kGauge, "lb_build_info", "Always 1; the label is the news.");
  families->Add({{"version", std::string(config::kVersion)}}, 1);
  families->Begin(kGauge, "lb_ready",
                  "1 once the node may assign and announce addresses.");
  families->Add(agent.ready() ? 1 : 0);
  families->Begin(kGauge, "lb_draining",
                  "1 while the node gives its announcements to others.");
  families->Add(agent.draining() ? 1 : 0);
  families->Begin(kGauge, "lb_state_unsaved",
                  "1 while the state folder cannot be written.");
  families->Add(agent.addresses().save_error().ok() ? 0 : 1);
  const ipam::LedgerCounters& ledger = agent.addresses().ledger().counters();
  families->Begin(kGauge, "lb_ledger_records",
                  "Records of the agreed addresses, releases included.");
  families->Add(agent.addresses().ledger().size());
  families->Begin(kCounter, "lb_ledger_records_received_total",
                  "Records told by other nodes, by what became of them.");
  families->Add({{"verdict", "merged"}}, ledger.records_merged);
  families->Add({{"verdict", "stale"}}, ledger.records_stale);
  families->Add({{"verdict", "refused"}}, ledger.records_refused);
  families->Begin(kCounter, "lb_ledger_messages_refused_total",
                  "Messages about addresses that broke a rule.");
  families->Add(ledger.messages_refused);
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectMetrics(const Agent& agent) {
  Families families;
  AddNode(agent, &families);
  AddTurns(agent, &families);
  AddConfig(agent, &families);
  AddPools(agent, &families);
  AddServices(agent, &families);
  AddAnnounced(agent, &families);
  AddElections(agent, &families);
  AddFrames(agent, &families);
  AddInterfaces(agent, &families);
  AddGossip(agent, &families);
  return std::move(families).Take();
}

}  // namespace lb::metrics
