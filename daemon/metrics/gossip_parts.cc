// The part of the page about gossip: members, health, counters.

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "daemon/metrics/parts.h"
#include "lb/config/printable.h"
#include "lb/gossip/member.h"

namespace lb::metrics {
namespace {

using gossip::GossipCounters;
using gossip::wire::NodeState;

// A counter: a family by itself, or a sample of one with a label's value.
struct Field {
  const char* name;  // The family's name, or the label's value.
  const char* help;  // The family's help text.
  uint64_t GossipCounters::*value;
};

constexpr Field kCounters[] = {
    {"lb_gossip_messages_received_total", "Gossip messages decoded.",
     &GossipCounters::messages_in},
    {"lb_gossip_send_failures_total", "Datagrams that the kernel refused.",
     &GossipCounters::send_failures},
    {"lb_gossip_probes_total", "Probes of members that this node started.",
     &GossipCounters::probes},
    {"lb_gossip_probes_failed_total", "Probes that were not answered.",
     &GossipCounters::probes_failed},
    {"lb_gossip_indirect_probes_total",
     "Indirect probes that this node asked other members for.",
     &GossipCounters::indirect_probes},
    {"lb_gossip_indirect_probes_served_total",
     "Indirect probes that other members asked this node for.",
     &GossipCounters::relayed_probes},
    {"lb_gossip_suspicions_total", "Suspicions raised or joined.",
     &GossipCounters::suspicions},
    {"lb_gossip_refutations_total",
     "Times that this node refuted a claim that it is suspect or dead.",
     &GossipCounters::refutations},
    {"lb_gossip_failures_total", "Members that this node saw fail.",
     &GossipCounters::failures},
    {"lb_gossip_late_wakeups_total", "Timers that fired much too late.",
     &GossipCounters::late_wakeups},
    {"lb_gossip_exchanges_total", "Full exchanges that were completed.",
     &GossipCounters::exchanges},
    {"lb_gossip_exchanges_failed_total", "Full exchanges that failed.",
     &GossipCounters::exchanges_failed},
    {"lb_gossip_name_conflicts_total",
     "Claims of a member's name from elsewhere.", &GossipCounters::conflicts},
};

constexpr Field kRefused[] = {
    {"undecodable", "", &GossipCounters::refused_undecodable},
    {"part", "", &GossipCounters::refused_parts},
    {"version", "", &GossipCounters::refused_version},
    {"address", "", &GossipCounters::refused_address},
    {"incarnation", "", &GossipCounters::refused_incarnation},
    {"name", "", &GossipCounters::refused_name},
    {"size", "", &GossipCounters::refused_size},
    {"ack", "", &GossipCounters::refused_acks},
    {"answer", "", &GossipCounters::refused_answers},
    {"indirect_probe", "", &GossipCounters::refused_relays},
    {"exchange", "", &GossipCounters::refused_exchanges},
    {"merge", "", &GossipCounters::refused_merges},
    {"vetoed", "", &GossipCounters::vetoed},
};

constexpr Field kOverflows[] = {
    {"members", "", &GossipCounters::members_overflow},
    {"broadcasts", "", &GossipCounters::broadcasts_overflow},
    {"user_messages", "", &GossipCounters::user_messages_overflow},
    {"user_state", "", &GossipCounters::user_state_overflow},
    {"ack_payload", "", &GossipCounters::ack_payload_overflow},
    {"indirect_probes", "", &GossipCounters::relays_overflow},
    {"reconnect", "", &GossipCounters::rejoin_overflow},
    {"streams", "", &GossipCounters::streams_overflow},
};

void AddMembers(const GossipFacts& gossip, Families* families) {
  std::map<NodeState, int> states;
  for (const gossip::Member& member : gossip.members) ++states[member.state];
  families->Begin(kGauge, "lb_members",
                  "Members of the cluster as this node sees them, itself "
                  "included, by state.");
  families->Add({{"state", "alive"}}, states[NodeState::kAlive]);
  families->Add({{"state", "suspect"}}, states[NodeState::kSuspect]);
  families->Add({{"state", "dead"}}, states[NodeState::kDead]);
  families->Add({{"state", "left"}}, states[NodeState::kLeft]);
  families->Begin(kGauge, "lb_members_unverified",
                  "Members, alive or suspect, that have not acked a ping of "
                  "this node yet; they have no part in elections.");
  families->Add(gossip.unverified);
  families->Begin(kGauge, "lb_member_round_trip_seconds",
                  "Round trip of the latest probe that the member answered in "
                  "time.");
  for (const auto& [member, round_trip] : gossip.round_trips) {
    families->Add({{"member", config::Printable(member)}},
                  absl::ToDoubleSeconds(round_trip));
  }
}

}  // namespace

void AddGossip(const GossipFacts& gossip, Families* families) {
  AddMembers(gossip, families);
  families->Begin(kGauge, "lb_gossip_health_score",
                  "0 is healthy; more: this node is slow or loses packets.");
  families->Add(gossip.health_score);
  const GossipCounters& counters = gossip.counters;
  families->Begin(kCounter, "lb_gossip_datagrams_total",
                  "Gossip datagrams, by direction.");
  families->Add({{"direction", "in"}}, counters.datagrams_in);
  families->Add({{"direction", "out"}}, counters.datagrams_out);
  for (const Field& field : kCounters) {
    families->Begin(kCounter, field.name, field.help);
    families->Add(counters.*field.value);
  }
  families->Begin(kCounter, "lb_gossip_refused_total",
                  "Messages and parts of them that were received and refused, "
                  "by reason.");
  for (const Field& field : kRefused) {
    families->Add({{"reason", field.name}}, counters.*field.value);
  }
  families->Begin(kCounter, "lb_gossip_overflow_total",
                  "Entries that did not fit, by queue or table.");
  for (const Field& field : kOverflows) {
    families->Add({{"queue", field.name}}, counters.*field.value);
  }
}

}  // namespace lb::metrics
