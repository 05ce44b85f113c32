#include "daemon/metrics/parts.h"

#include <string>

#include "absl/numeric/int128.h"
#include "lb/config/printable.h"
#include "lb/config/version.h"

namespace lb::metrics {
namespace {

using announce::AddressCounters;
using announce::Verdict;
using config::Printable;

std::string FailureName(absl::StatusCode code) {
  switch (code) {  // The codes of Allocator.
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

}  // namespace

void AddNode(const NodeFacts& node, Families* families) {
  families->Begin(kGauge, "lb_build_info",
                  "Always 1; the label has lbd's version.");
  families->Add({{"version", std::string(config::kVersion)}}, 1);
  families->Begin(kGauge, "lb_ready",
                  "1 once the node may assign and announce addresses.");
  families->Add(node.ready ? 1 : 0);
  families->Begin(kGauge, "lb_draining",
                  "1 while the node hands its announcements over to others.");
  families->Add(node.draining ? 1 : 0);
  families->Begin(kGauge, "lb_state_unsaved",
                  "1 while the state folder cannot be written.");
  families->Add(node.state_unsaved ? 1 : 0);
  families->Begin(kGauge, "lb_ledger_records",
                  "Records of the ledger of addresses, releases included.");
  families->Add(node.ledger_records);
  families->Begin(kCounter, "lb_ledger_records_received_total",
                  "Ledger records received from other nodes, by verdict.");
  families->Add({{"verdict", "merged"}}, node.ledger.records_merged);
  families->Add({{"verdict", "stale"}}, node.ledger.records_stale);
  families->Add({{"verdict", "refused"}}, node.ledger.records_refused);
  families->Begin(kCounter, "lb_ledger_messages_refused_total",
                  "Ledger messages that were refused.");
  families->Add(node.ledger.messages_refused);
}

void AddTurns(const io::TurnMeter& turns, absl::Time now, Families* families) {
  families->Begin(kHistogram, "lb_loop_turn_seconds",
                  "Length of the event loop's turns; it answers nothing else "
                  "during a turn.");
  families->Add(turns.lengths());
  families->Begin(kHistogram, "lb_loop_turn_processor_seconds",
                  "Processor time of the same turns; below a millisecond it is "
                  "an upper bound.");
  families->Add(turns.processor_times());
  families->Begin(kGauge, "lb_loop_longest_turn_seconds",
                  "Longest turn of the loop in the last 10 minutes.");
  const auto longest = turns.RecentLongest(now);
  families->Add(longest ? absl::ToDoubleSeconds(longest->length) : 0);
}

void AddConfig(const ConfigFacts& config, Families* families) {
  families->Begin(kGauge, "metallb_k8s_client_config_loaded_bool",
                  "1 if the configuration was read at least once.");
  families->Add(config.reads > 0 ? 1 : 0);
  families->Begin(kGauge, "metallb_k8s_client_config_stale_bool",
                  "1 if part of the configuration was refused, so that older "
                  "values are in force.");
  families->Add(config.has_problems ? 1 : 0);
  families->Begin(kCounter, "metallb_k8s_client_updates_total",
                  "Times that the configuration was read.");
  families->Add(config.reads);
  families->Begin(kCounter, "metallb_k8s_client_update_errors_total",
                  "Times that part of it was refused.");
  families->Add(config.refusals);
}

void AddPools(absl::Span<const std::pair<std::string, ipam::PoolUsage>> pools,
              Families* families) {
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
    for (const auto& [pool, usage] : pools) {
      families->Add({{"pool", pool}}, static_cast<double>(field.value(usage)));
    }
  }
}

void AddServices(const ServiceCounts& services, Families* families) {
  families->Begin(kGauge, "lb_services",
                  "Services: announced by some node, by none, or pending "
                  "(without an address).");
  families->Add({{"state", "announced"}}, services.announced);
  families->Add({{"state", "pending"}}, services.pending);
  families->Add({{"state", "unannounced"}}, services.unannounced);
  families->Begin(kCounter, "lb_allocation_failures_total",
                  "Services that were refused an address, by reason.");
  std::map<std::string, uint64_t> failures = {
      {"contradiction", 0}, {"no_such_pool", 0},    {"pool_not_open", 0},
      {"address_taken", 0}, {"no_address_left", 0}, {"other", 0}};
  for (const auto& [code, count] : services.allocation_failures) {
    failures[FailureName(code)] += count;
  }
  for (const auto& [reason, count] : failures) {
    families->Add({{"reason", reason}}, count);
  }
}

void AddAnnounced(const AnnouncedFacts& announced, Families* families) {
  families->Begin(kGauge, "metallb_speaker_announced",
                  "Services that are announced from this node.");
  const auto add = [&](const char* protocol,
                       const AnnouncedFacts::Addresses& addresses) {
    for (const auto& [service, address] : addresses) {
      families->Add({{"service", service},
                     {"protocol", protocol},
                     {"node", Printable(announced.node)},
                     {"ip", address.ToString()}},
                    1);
    }
  };
  add("layer2", announced.layer2);
  add("bgp", announced.bgp);
}

void AddFrames(const FrameFacts& frames, Families* families) {
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
    for (const auto& [address, counters] : frames.counters) {
      families->Add({{"ip", address.ToString()}}, counters.*field.value);
    }
  }
  families->Begin(kCounter, "lb_frames_received_total",
                  "ARP and NDP frames received, by verdict.");
  for (size_t i = 0; i < announce::kVerdictCount; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    families->Add({{"verdict", std::string(ToString(verdict))}},
                  frames.verdicts[verdict]);
  }
  families->Begin(kCounter, "lb_frames_unsent_total",
                  "Frames that the kernel did not take.");
  families->Add(frames.unsent);
  families->Begin(kGauge, "lb_announcements_refused",
                  "Pairs of address and interface beyond the maximum that one "
                  "node announces.");
  families->Add(frames.announcements_refused);
}

void AddInterfaces(absl::Span<const announce::InterfaceChoice> interfaces,
                   Families* families) {
  families->Begin(kGauge, "lb_interface_usable",
                  "1 if the interface can announce, else 0; the label state "
                  "says why.");
  for (const announce::InterfaceChoice& choice : interfaces) {
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

}  // namespace lb::metrics
