// SessionState: the state of one BGP connection, as one total function.
//
// The states are those of RFC 4271, section 8.2.2, and NextStep() alone decides
// what follows from an event: no clock, no bytes, no memory. Connection adds
// messages and times to it.
//
//   kIdle         no connection; the session waits before it dials again
//   kConnect      dials
//   kActive       waits for the peer to dial
//   kOpenSent     connected, its OPEN is sent, the peer's has not come
//   kOpenConfirm  both OPENs are well, the peer's KEEPALIVE has not come
//   kEstablished  routes are exchanged
//
// It differs from the RFC in two points: a connection that dials does not wait
// for the peer to dial at the same time (another object does that), and each
// error leads to kIdle, from where the session starts again by itself.
#ifndef LB_BGP_SESSION_STATE_H_
#define LB_BGP_SESSION_STATE_H_

#include <cstdint>
#include <string_view>

#include "lb/base/check.h"

namespace lb::bgp {

enum class SessionState : uint8_t {
  kIdle,
  kConnect,
  kActive,
  kOpenSent,
  kOpenConfirm,
  kEstablished,
};

enum class SessionEvent : uint8_t {
  kDial,           // It is time to dial.
  kListen,         // The peer may dial from now on.
  kConnected,      // TCP is connected.
  kConnectFailed,  // The dial failed.
  kOpen,           // A good OPEN came.
  kKeepalive,
  kUpdate,  // Also one with faults that the session survives (RFC 7606).
  kRefresh,
  kNotification,
  kFault,    // Bytes that demand a NOTIFICATION came, or an OPEN we refuse.
  kExpired,  // The hold timer or the send hold timer.
  kCease,    // The caller ends it and tells the peer why.
  kRestart,  // The caller ends it and the peer shall keep our routes.
  kClosed,   // TCP is gone.
};

enum class SessionAction : uint8_t {
  kNone,
  kDial,
  kAbandonDial,
  kSendOpen,
  kConfirm,        // Send a KEEPALIVE, start the negotiated timers.
  kEstablish,      // Start to send routes.
  kProlong,        // Restart the hold timer.
  kAnswerRefresh,  // Send the asked routes again.
  kNotify,         // Send the NOTIFICATION of the event, close.
  kUnexpected,     // Send the NOTIFICATION of code 5, close.
  kClose,          // Close without a word.
};

struct SessionStep {
  SessionState next;
  SessionAction action;

  friend bool operator==(const SessionStep&, const SessionStep&) = default;
};

// "Idle", "Connect", ... as routers write them.
std::string_view ToString(SessionState state);

// True if there is a TCP connection in this state.
constexpr bool IsConnected(SessionState state) {
  return state >= SessionState::kOpenSent;
}

// The subcode of code 5 for a message that the state does not expect (RFC
// 6608). REQUIRES: IsConnected(state).
constexpr uint8_t UnexpectedMessageSubcode(SessionState state) {
  LB_CHECK(IsConnected(state));
  return static_cast<uint8_t>(static_cast<uint8_t>(state) -
                              static_cast<uint8_t>(SessionState::kOpenSent) +
                              1);
}

namespace session_state_internal {

// What ends a connection ends it in each connected state alike.
constexpr SessionStep EndStep(SessionState state, SessionEvent event) {
  switch (event) {
    case SessionEvent::kNotification:
    case SessionEvent::kRestart:
    case SessionEvent::kClosed:
      return {SessionState::kIdle, SessionAction::kClose};
    case SessionEvent::kFault:
    case SessionEvent::kExpired:
    case SessionEvent::kCease:
      return {SessionState::kIdle, SessionAction::kNotify};
    case SessionEvent::kDial:
    case SessionEvent::kListen:
    case SessionEvent::kConnected:
    case SessionEvent::kConnectFailed:
      return {state, SessionAction::kNone};
    case SessionEvent::kOpen:
    case SessionEvent::kKeepalive:
    case SessionEvent::kUpdate:
    case SessionEvent::kRefresh:
      return {SessionState::kIdle, SessionAction::kUnexpected};
  }
  LB_UNREACHABLE();
}

constexpr SessionStep IdleStep(SessionEvent event) {
  if (event == SessionEvent::kDial) {
    return {SessionState::kConnect, SessionAction::kDial};
  }
  const bool listens = event == SessionEvent::kListen;
  return {listens ? SessionState::kActive : SessionState::kIdle,
          SessionAction::kNone};
}

// kConnect and kActive.
constexpr SessionStep UnconnectedStep(SessionState state, SessionEvent event) {
  const bool dials = state == SessionState::kConnect;
  switch (event) {
    case SessionEvent::kConnected:
      return {SessionState::kOpenSent, SessionAction::kSendOpen};
    case SessionEvent::kConnectFailed:
      return {dials ? SessionState::kIdle : state, SessionAction::kNone};
    case SessionEvent::kCease:
    case SessionEvent::kRestart:
      return {SessionState::kIdle,
              dials ? SessionAction::kAbandonDial : SessionAction::kNone};
    default:  // Nothing else can come without a connection.
      return {state, SessionAction::kNone};
  }
}

}  // namespace session_state_internal

constexpr SessionStep NextStep(SessionState state, SessionEvent event) {
  using enum SessionState;
  namespace internal = session_state_internal;
  switch (state) {  // No `default:`: a new state must be decided here.
    case kIdle:
      return internal::IdleStep(event);
    case kConnect:
    case kActive:
      return internal::UnconnectedStep(state, event);
    case kOpenSent:
      if (event == SessionEvent::kOpen) {
        return {kOpenConfirm, SessionAction::kConfirm};
      }
      return internal::EndStep(state, event);
    case kOpenConfirm:
      if (event == SessionEvent::kKeepalive) {
        return {kEstablished, SessionAction::kEstablish};
      }
      return internal::EndStep(state, event);
    case kEstablished:
      if (event == SessionEvent::kKeepalive || event == SessionEvent::kUpdate) {
        return {kEstablished, SessionAction::kProlong};
      }
      if (event == SessionEvent::kRefresh) {
        return {kEstablished, SessionAction::kAnswerRefresh};
      }
      return internal::EndStep(state, event);
  }
  LB_UNREACHABLE();
}

}  // namespace lb::bgp

#endif  // LB_BGP_SESSION_STATE_H_
