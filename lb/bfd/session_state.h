// NextState: the state machine of a session (RFC 5880 section 6.8.6).
//
// One total function over four states and seven inputs. Pure.
#ifndef LB_BFD_SESSION_STATE_H_
#define LB_BFD_SESSION_STATE_H_

#include <cstdint>
#include <optional>

#include "lb/base/check.h"
#include "lb/bfd/wire/control_packet.h"

namespace lb::bfd {

enum class SessionInput : uint8_t {
  // A packet of the peer has this state.
  kPeerAdminDown,
  kPeerDown,
  kPeerInit,
  kPeerUp,
  kDetectionExpired,  // No packet came for the detection time.
  kDisable,           // The own administrator.
  kEnable,
};

constexpr SessionInput InputOf(State peer) {
  switch (peer) {
    case State::kAdminDown:
      return SessionInput::kPeerAdminDown;
    case State::kDown:
      return SessionInput::kPeerDown;
    case State::kInit:
      return SessionInput::kPeerInit;
    case State::kUp:
      return SessionInput::kPeerUp;
  }
  LB_UNREACHABLE();
}

struct Transition {
  State state = State::kDown;
  Diagnostic diagnostic = Diagnostic::kNone;  // The reason for it.

  friend bool operator==(const Transition&, const Transition&) = default;
};

namespace session_state_internal {

constexpr std::optional<Transition> FromDown(SessionInput input) {
  switch (input) {
    case SessionInput::kPeerDown:
      return Transition{State::kInit, Diagnostic::kNone};
    case SessionInput::kPeerInit:
      return Transition{State::kUp, Diagnostic::kNone};
    case SessionInput::kDisable:
      return Transition{State::kAdminDown, Diagnostic::kAdministrativelyDown};
    case SessionInput::kPeerAdminDown:
    case SessionInput::kPeerUp:  // It has not heard yet that we are down.
    case SessionInput::kDetectionExpired:
    case SessionInput::kEnable:
      return std::nullopt;
  }
  LB_UNREACHABLE();
}

constexpr std::optional<Transition> FromInit(SessionInput input) {
  switch (input) {
    case SessionInput::kPeerInit:
    case SessionInput::kPeerUp:
      return Transition{State::kUp, Diagnostic::kNone};
    case SessionInput::kPeerAdminDown:
      return Transition{State::kDown, Diagnostic::kNeighborSignaledDown};
    case SessionInput::kDetectionExpired:
      return Transition{State::kDown, Diagnostic::kDetectionExpired};
    case SessionInput::kDisable:
      return Transition{State::kAdminDown, Diagnostic::kAdministrativelyDown};
    case SessionInput::kPeerDown:
    case SessionInput::kEnable:
      return std::nullopt;
  }
  LB_UNREACHABLE();
}

constexpr std::optional<Transition> FromUp(SessionInput input) {
  switch (input) {
    case SessionInput::kPeerAdminDown:
    case SessionInput::kPeerDown:
      return Transition{State::kDown, Diagnostic::kNeighborSignaledDown};
    case SessionInput::kDetectionExpired:
      return Transition{State::kDown, Diagnostic::kDetectionExpired};
    case SessionInput::kDisable:
      return Transition{State::kAdminDown, Diagnostic::kAdministrativelyDown};
    case SessionInput::kPeerInit:
    case SessionInput::kPeerUp:
    case SessionInput::kEnable:
      return std::nullopt;
  }
  LB_UNREACHABLE();
}

}  // namespace session_state_internal

// Nullopt: the state stays, and so does the reason for it.
constexpr std::optional<Transition> NextState(State state, SessionInput input) {
  switch (state) {
    case State::kAdminDown:
      if (input != SessionInput::kEnable) return std::nullopt;
      return Transition{State::kDown, Diagnostic::kNone};
    case State::kDown:
      return session_state_internal::FromDown(input);
    case State::kInit:
      return session_state_internal::FromInit(input);
    case State::kUp:
      return session_state_internal::FromUp(input);
  }
  LB_UNREACHABLE();
}

}  // namespace lb::bfd

#endif  // LB_BFD_SESSION_STATE_H_
