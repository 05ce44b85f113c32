// PeerStatus: what a session is doing, for people, metrics and the status
// service.
//
// Plain values: any thread.
#ifndef LB_BGP_PEER_STATUS_H_
#define LB_BGP_PEER_STATUS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/packer.h"
#include "lb/bgp/session_state.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb::bgp {

// Since the session was configured. MetalLB's metrics have these names.
struct PeerCounters {
  uint64_t opens_sent = 0;
  uint64_t opens_received = 0;
  uint64_t updates_sent = 0;
  uint64_t updates_received = 0;
  uint64_t keepalives_sent = 0;
  uint64_t keepalives_received = 0;
  uint64_t notifications_sent = 0;
  uint64_t notifications_received = 0;
  uint64_t refreshes_sent = 0;
  uint64_t refreshes_received = 0;
  uint64_t prefixes_received = 0;  // Announced by the peer; none is kept.
  uint64_t faults_overlooked = 0;  // RFC 7606 keeps the session.
  uint64_t times_established = 0;
  uint64_t dials = 0;

  friend bool operator==(const PeerCounters&, const PeerCounters&) = default;
};

// Why a connection ended, or why there is none.
struct SessionError {
  enum class Origin : uint8_t {
    kUs,    // We sent the NOTIFICATION.
    kPeer,  // The peer sent it.
    kTcp,   // There was none.
  };

  Origin origin = Origin::kTcp;
  std::optional<wire::Notification> notification;
  std::string text;  // In plain words, on one line.
  absl::Time at;

  friend bool operator==(const SessionError&, const SessionError&) = default;
};

// What is announced of one family.
struct FamilyStatus {
  size_t advertised = 0;  // Routes that the peer knows.
  size_t pending = 0;     // That it is to be told, or that are to be withdrawn.
  size_t held_back = 0;   // Because of `reason`.
  HoldBack reason = HoldBack::kNone;

  friend bool operator==(const FamilyStatus&, const FamilyStatus&) = default;
};

struct PeerStatus {
  std::string name;
  SessionState state = SessionState::kIdle;
  absl::Time since;  // Of this state.
  std::optional<SessionError> last_error;
  absl::Time next_dial = absl::InfiniteFuture();  // In kIdle.

  // From here on of an Established session only.
  net::IpAddress local;
  Asn peer_asn;
  uint32_t peer_identifier = 0;
  absl::Duration hold_time;               // Negotiated.
  net::IpFamilies families;               // That both sides offered.
  std::array<FamilyStatus, 2> of_family;  // By net::FamilyIndex().

  PeerCounters counters;
};

}  // namespace lb::bgp

#endif  // LB_BGP_PEER_STATUS_H_
