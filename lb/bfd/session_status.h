// What is known of a session at one moment, and what happens to it. Values.
#ifndef LB_BFD_SESSION_STATUS_H_
#define LB_BFD_SESSION_STATUS_H_

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "lb/base/check.h"
#include "lb/bfd/session_options.h"
#include "lb/bfd/wire/control_packet.h"

namespace lb::bfd {

// By the names that MetalLB's metrics have.
struct SessionCounters {
  uint64_t control_packet_input = 0;
  uint64_t control_packet_output = 0;
  uint64_t session_up_events = 0;
  uint64_t session_down_events = 0;
  // How often silence was not held against the peer, as the caller was late.
  uint64_t late_judgements = 0;

  friend bool operator==(const SessionCounters&,
                         const SessionCounters&) = default;
};

struct SessionStatus {
  State state = State::kDown;
  Diagnostic diagnostic = Diagnostic::kNone;  // The reason for the state.
  absl::Time since;                           // The loop's.
  uint32_t discriminator = 0;
  // What the peer said last; 0 and kDown while nothing is heard of it.
  uint32_t peer_discriminator = 0;
  State peer_state = State::kDown;
  Diagnostic peer_diagnostic = Diagnostic::kNone;
  int peer_detect_multiplier = 0;
  // In use. InfiniteDuration: the peer takes no periodic packets.
  absl::Duration transmit_interval;
  absl::Duration receive_interval;  // 0: none is agreed yet.
  absl::Duration detection_time;    // 0: none is agreed yet.
  bool polling = false;             // A change of intervals is under way.
  SessionCounters counters;
};

// What a client of the session acts on (RFC 5882).
enum class SessionChange : uint8_t {
  kUp,             // Both hear each other.
  kPeerFailed,     // It was Up, and the path or the peer has failed.
  kPeerAdminDown,  // It was Up, and the peer's administrator ended it: that is
                   // no failure (RFC 5882 section 3.2).
  kDisabled,       // It was Up, and the own administrator ended it.
};

constexpr std::string_view ToString(SessionChange change) {
  switch (change) {
    case SessionChange::kUp:
      return "up";
    case SessionChange::kPeerFailed:
      return "peer_failed";
    case SessionChange::kPeerAdminDown:
      return "peer_admin_down";
    case SessionChange::kDisabled:
      return "disabled";
  }
  LB_UNREACHABLE();
}

struct SessionEvent {
  SessionKey key;
  SessionChange change = SessionChange::kUp;
  Diagnostic diagnostic = Diagnostic::kNone;  // Why, for kPeerFailed.

  friend bool operator==(const SessionEvent&, const SessionEvent&) = default;
};

}  // namespace lb::bfd

#endif  // LB_BFD_SESSION_STATUS_H_
