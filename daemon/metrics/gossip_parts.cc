// The part of the page about gossip: members, health, counters.

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/metrics/parts.h"
#include "lb/config/printable.h"
#include "lb/gossip/member.h"

namespace lb::metrics {
namespace {

using gossip::DetectionCounters;
using gossip::ExchangeCounters;
using gossip::GossipCounters;
using gossip::OverflowCounters;
using gossip::RefusalCounters;
using gossip::TrafficCounters;
using gossip::wire::NodeState;

// A counter: a family by itself, or a sample of one with a label's value.
template <typename Counters>
struct Field {
  const char* name;  // The family's name, or the label's value.
  const char* help;  // The family's help text.
  uint64_t Counters::*value;
};

constexpr Field<TrafficCounters> kTraffic[] = {
    {"lb_gossip_messages_received_total", "Gossip messages decoded.",
     &TrafficCounters::messages_in},
    {"lb_gossip_send_failures_total", "Datagrams that the kernel refused.",
     &TrafficCounters::send_failures},
};

constexpr Field<DetectionCounters> kDetection[] = {
    {"lb_gossip_probes_total", "Probes of members that this node started.",
     &DetectionCounters::probes},
    {"lb_gossip_probes_failed_total", "Probes that were not answered.",
     &DetectionCounters::probes_failed},
    {"lb_gossip_indirect_probes_total",
     "Indirect probes that this node asked other members for.",
     &DetectionCounters::indirect_probes},
    {"lb_gossip_indirect_probes_served_total",
     "Indirect probes that other members asked this node for.",
     &DetectionCounters::relayed_probes},
    {"lb_gossip_suspicions_total", "Suspicions raised or joined.",
     &DetectionCounters::suspicions},
    {"lb_gossip_refutations_total",
     "Times that this node refuted a claim that it is suspect or dead.",
     &DetectionCounters::refutations},
    {"lb_gossip_failures_total", "Members that this node saw fail.",
     &DetectionCounters::failures},
    {"lb_gossip_late_wakeups_total", "Timers that fired much too late.",
     &DetectionCounters::late_wakeups},
};

constexpr Field<ExchangeCounters> kExchanges[] = {
    {"lb_gossip_exchanges_total", "Full exchanges that were completed.",
     &ExchangeCounters::completed},
    {"lb_gossip_exchanges_failed_total", "Full exchanges that failed.",
     &ExchangeCounters::failed},
};

constexpr Field<RefusalCounters> kConflicts[] = {
    {"lb_gossip_name_conflicts_total",
     "Claims of a member's name from elsewhere.", &RefusalCounters::conflicts},
};

constexpr Field<RefusalCounters> kRefused[] = {
    {"undecodable", "", &RefusalCounters::undecodable},
    {"part", "", &RefusalCounters::parts},
    {"version", "", &RefusalCounters::version},
    {"address", "", &RefusalCounters::address},
    {"incarnation", "", &RefusalCounters::incarnation},
    {"name", "", &RefusalCounters::name},
    {"size", "", &RefusalCounters::size},
    {"ack", "", &RefusalCounters::acks},
    {"answer", "", &RefusalCounters::answers},
    {"indirect_probe", "", &RefusalCounters::relays},
    {"exchange", "", &RefusalCounters::exchanges},
    {"merge", "", &RefusalCounters::merges},
    {"vetoed", "", &RefusalCounters::vetoed},
};

constexpr Field<OverflowCounters> kOverflows[] = {
    {"members", "", &OverflowCounters::members},
    {"broadcasts", "", &OverflowCounters::broadcasts},
    {"user_messages", "", &OverflowCounters::user_messages},
    {"user_state", "", &OverflowCounters::user_state},
    {"ack_payload", "", &OverflowCounters::ack_payload},
    {"indirect_probes", "", &OverflowCounters::relays},
    {"reconnect", "", &OverflowCounters::reconnect},
    {"streams", "", &OverflowCounters::streams},
};

// Each counter as a family of its own.
template <typename Counters>
void AddEach(absl::Span<const Field<Counters>> fields, const Counters& counters,
             Families* families) {
  for (const Field<Counters>& field : fields) {
    families->Begin(kCounter, field.name, field.help);
    families->Add(counters.*field.value);
  }
}

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
  families->Add({{"direction", "in"}}, counters.traffic.datagrams_in);
  families->Add({{"direction", "out"}}, counters.traffic.datagrams_out);
  AddEach<TrafficCounters>(kTraffic, counters.traffic, families);
  AddEach<DetectionCounters>(kDetection, counters.detection, families);
  AddEach<ExchangeCounters>(kExchanges, counters.exchanges, families);
  AddEach<RefusalCounters>(kConflicts, counters.refused, families);
  families->Begin(kCounter, "lb_gossip_refused_total",
                  "Messages and parts of them that were received and refused, "
                  "by reason.");
  for (const auto& field : kRefused) {
    families->Add({{"reason", field.name}}, counters.refused.*field.value);
  }
  families->Begin(kCounter, "lb_gossip_overflow_total",
                  "Entries that did not fit, by queue or table.");
  for (const auto& field : kOverflows) {
    families->Add({{"queue", field.name}}, counters.overflow.*field.value);
  }
}

}  // namespace lb::metrics
