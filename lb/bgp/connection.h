// Connection: the protocol on one TCP connection with a peer, from the OPEN to
// the NOTIFICATION (RFC 4271, section 8).
//
// It has SessionState, the framer and the timers; it knows neither routes nor
// the peer's other connection. Session, which has both, feeds it and acts on
// what it returns. After an end it is as new, but for end().
//
// Private to Session. Pure but for its Prng: `now` is an argument, there is no
// socket. One thread. `options` and `counters` outlive it.
#ifndef LB_BGP_CONNECTION_H_
#define LB_BGP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/bgp/open_terms.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/send_hold.h"
#include "lb/bgp/session_state.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/stream_framer.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

class Connection {
 public:
  // Until the peer's OPEN comes, in place of the RFC's 4 minutes: what accepts
  // TCP and says nothing is no router.
  static constexpr absl::Duration kOpenHold = absl::Seconds(10);
  // A hold timer that ran out counts once the loop has read for so long: bytes
  // of the peer may wait in the socket when our own process stood still.
  static constexpr absl::Duration kHoldGrace = absl::Milliseconds(20);

  enum class Result : uint8_t {
    kNothing,
    kOpenReceived,  // A good OPEN: Confirm() or End() follows.
    kEstablished,
    kRefreshAsked,  // refresh_asked()
    kEnded,         // end()
  };

  Connection(const PeerOptions* options, PeerCounters* counters, Prng prng)
      : options_(options), counters_(counters), prng_(prng) {}

  SessionState state() const { return state_; }

  void BeginDial();
  void BeginListening();
  void OnConnectFailed() { (void)Act(SessionEvent::kConnectFailed); }

  // TCP is there: sends the OPEN.
  void OnConnected(absl::Time now, const OpenTerms& terms);
  // Takes one message off the front of `input`, or all of it if no message is
  // whole.
  Result Consume(absl::Time now, absl::Span<const uint8_t>* input);
  // Answers the OPEN that came. REQUIRES: Consume() returned kOpenReceived.
  void Confirm(absl::Time now);
  Result OnTimer(absl::Time now);
  Result OnClosed(absl::Time now, const absl::Status& reason);

  // Sends the notification and ends. Before TCP is there it only ends.
  void Cease(absl::Time now, const wire::Notification& notification);
  // Ends without a word, so that the peer keeps our routes if it can.
  void Drop(absl::Time now, std::string_view why);

  // Updates and refreshes; they go out behind what is queued. REQUIRES: it is
  // established.
  void Send(absl::Time now, absl::Span<const uint8_t> messages);

  // How much of all that was taken the peer's host has not acknowledged.
  void NoteUnacknowledged(absl::Time now, size_t bytes);
  // Bytes that wait here or on the way.
  size_t ahead() const { return outgoing_.size() + send_hold_.waiting(); }

  absl::Time NextDeadline() const;
  // To be given to the stream, also after the end.
  std::vector<uint8_t> TakeOutgoing(absl::Time now);

  // What the OPENs settled, once Consume() returned kOpenReceived.
  const Agreement& agreement() const { return agreement_; }
  const OpenTerms& terms() const { return terms_; }
  net::IpFamily refresh_asked() const { return refresh_asked_; }
  // How the last connection ended.
  const SessionError& end() const { return end_; }

 private:
  SessionAction Act(SessionEvent event);
  // `notification` is the one of kFault, kExpired and kCease.
  Result Apply(absl::Time now, SessionEvent event,
               const wire::Notification& notification = {});
  Result OnMessage(absl::Time now, const wire::Message& message);
  Result OnOpen(absl::Time now, const wire::Message& message);
  Result OnUpdate(absl::Time now, const wire::Message& message);
  Result OnRefresh(absl::Time now, const wire::Message& message);
  Result OnNotification(absl::Time now, const wire::Message& message);
  void SendOpen(absl::Time now);
  void SendKeepalive(absl::Time now);
  void ArmKeepalive(absl::Time now);
  void ProlongHold(absl::Time now);
  // The last message, and what end() says.
  void Notify(const wire::Notification& notification);
  void Forget();
  void Append(absl::Span<const uint8_t> message);

  const PeerOptions* const options_;
  PeerCounters* const counters_;
  Prng prng_;
  SessionState state_ = SessionState::kIdle;
  OpenTerms terms_;
  wire::Open own_open_;
  Agreement agreement_;
  wire::StreamFramer framer_;
  std::vector<uint8_t> outgoing_;
  absl::Time hold_at_ = absl::InfiniteFuture();
  bool is_grace_ = false;  // hold_at_ is the end of kHoldGrace.
  absl::Time keepalive_at_ = absl::InfiniteFuture();
  SendHold send_hold_;
  net::IpFamily refresh_asked_ = net::IpFamily::kIpv4;
  SessionError end_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_CONNECTION_H_
