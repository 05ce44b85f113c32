#include "daemon/metrics/routing_parts.h"

#include <cstddef>
#include <cstdint>

namespace lb::metrics {
namespace {

// A counter that is a family by itself.
template <typename Counters>
struct Field {
  const char* name;
  const char* help;
  uint64_t Counters::*value;
};

constexpr Field<bgp::PeerCounters> kPeerCounters[] = {
    {"metallb_bgp_updates_total", "UPDATE messages sent to the peer.",
     &bgp::PeerCounters::updates_sent},
    {"metallb_bgp_updates_total_received",
     "UPDATE messages received from the peer.",
     &bgp::PeerCounters::updates_received},
    {"metallb_bgp_opens_sent", "OPEN messages sent to the peer.",
     &bgp::PeerCounters::opens_sent},
    {"metallb_bgp_opens_received", "OPEN messages received from the peer.",
     &bgp::PeerCounters::opens_received},
    {"metallb_bgp_keepalives_sent", "KEEPALIVE messages sent to the peer.",
     &bgp::PeerCounters::keepalives_sent},
    {"metallb_bgp_keepalives_received",
     "KEEPALIVE messages received from the peer.",
     &bgp::PeerCounters::keepalives_received},
    {"metallb_bgp_notifications_sent",
     "NOTIFICATION messages sent to the peer.",
     &bgp::PeerCounters::notifications_sent},
    {"metallb_bgp_notifications_received",
     "NOTIFICATION messages received from the peer.",
     &bgp::PeerCounters::notifications_received},
    {"metallb_bgp_route_refresh_sent",
     "ROUTE-REFRESH messages sent to the peer.",
     &bgp::PeerCounters::refreshes_sent},
    {"metallb_bgp_route_refresh_received",
     "ROUTE-REFRESH messages received from the peer.",
     &bgp::PeerCounters::refreshes_received},
    {"metallb_bgp_received_prefixes_total",
     "Prefixes that the peer announced; none is kept.",
     &bgp::PeerCounters::prefixes_received},
};

constexpr Field<bfd::SessionCounters> kBfdCounters[] = {
    {"metallb_bfd_control_packet_input", "BFD control packets received.",
     &bfd::SessionCounters::control_packet_input},
    {"metallb_bfd_control_packet_output", "BFD control packets sent.",
     &bfd::SessionCounters::control_packet_output},
    {"metallb_bfd_session_up_events", "Times that the BFD session came up.",
     &bfd::SessionCounters::session_up_events},
    {"metallb_bfd_session_down_events", "Times that the BFD session went down.",
     &bfd::SessionCounters::session_down_events},
};

size_t SumOf(const bgp::PeerStatus& status, size_t bgp::FamilyStatus::*field) {
  return status.of_family[0].*field + status.of_family[1].*field;
}

// One sample for each item, as value_of(status).
template <typename Facts, typename ValueOf>
void AddEach(const std::vector<Facts>& all, ValueOf value_of,
             Families* families) {
  for (const Facts& facts : all) {
    families->Add({{"peer", facts.peer}}, value_of(facts.status));
  }
}

}  // namespace

void AddPeers(const std::vector<PeerFacts>& peers, Families* families) {
  if (peers.empty()) return;
  families->Begin(kGauge, "metallb_bgp_session_up",
                  "1: the BGP session with the peer is Established.");
  AddEach(
      peers,
      [](const bgp::PeerStatus& status) {
        return status.state == bgp::SessionState::kEstablished ? 1 : 0;
      },
      families);
  families->Begin(kUntyped, "metallb_bgp_announced_prefixes_total",
                  "Prefixes that the peer was told.");
  AddEach(
      peers,
      [](const bgp::PeerStatus& status) {
        return SumOf(status, &bgp::FamilyStatus::advertised);
      },
      families);
  families->Begin(kUntyped, "metallb_bgp_pending_prefixes_total",
                  "Prefixes that the peer is to be told, or that are to be "
                  "withdrawn.");
  AddEach(
      peers,
      [](const bgp::PeerStatus& status) {
        return SumOf(status, &bgp::FamilyStatus::pending);
      },
      families);
  for (const auto& field : kPeerCounters) {
    families->Begin(kUntyped, field.name, field.help);
    AddEach(
        peers,
        [&](const bgp::PeerStatus& status) {
          return status.counters.*field.value;
        },
        families);
  }
}

void AddBfd(const std::vector<BfdFacts>& sessions, Families* families) {
  if (sessions.empty()) return;
  families->Begin(kGauge, "metallb_bfd_session_up",
                  "1: the BFD session with the peer is up.");
  AddEach(
      sessions,
      [](const bfd::SessionStatus& status) {
        return status.state == bfd::State::kUp ? 1 : 0;
      },
      families);
  for (const auto& field : kBfdCounters) {
    families->Begin(kUntyped, field.name, field.help);
    AddEach(
        sessions,
        [&](const bfd::SessionStatus& status) {
          return status.counters.*field.value;
        },
        families);
  }
}

}  // namespace lb::metrics
