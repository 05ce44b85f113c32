// Session: everything between us and one BGP peer.
//
// It dials, or waits to be dialled, keeps one connection of the two that may
// collide, tells the peer the routes of its AdjRibOut, and starts again by
// itself after each end. A change of routes never ends it.
//
//   Session session(options, {.now = now, .prng = prng, .rib = &rib});
//   session.OnTimer(now);                  // Asks to dial.
//   for (const SessionOutput& out : session.TakeOutgoing(now)) Use(out);
//   session.OnConnected(now, Side::kDialled, addresses);
//   session.OnBytes(now, Side::kDialled, bytes);
//
// Pure but for its Prng: `now` is an argument, there is no socket. One thread.
// Its input is hostile: it keeps one unfinished message (4,096 bytes) of each
// connection, and at most kAheadMax bytes wait to be sent until it ends.
#ifndef LB_BGP_SESSION_H_
#define LB_BGP_SESSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/batch_wait.h"
#include "lb/bgp/collision.h"
#include "lb/bgp/connection.h"
#include "lb/bgp/dial_schedule.h"
#include "lb/bgp/next_hops.h"
#include "lb/bgp/open_terms.h"
#include "lb/bgp/packer.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/send_pace.h"
#include "lb/bgp/wire/notification.h"

namespace lb::bgp {

// What the owner of the sockets is to do, in this order.
struct SessionOutput {
  enum class Kind : uint8_t {
    kDial,     // Connect, and call OnConnected() or OnConnectFailed().
    kAbandon,  // Forget that: no call comes any more.
    kSend,     // `bytes`.
    kClose,    // Send what is queued, then close. No call comes any more.
    kSetKey,   // Sign by the password of options() from now on.
  };

  Side side = Side::kDialled;
  Kind kind = Kind::kSend;
  std::vector<uint8_t> bytes = {};
};

struct SessionNews {
  enum class Kind : uint8_t {
    kUp,      // Established.
    kDown,    // It was Established.
    kFailed,  // It did not get so far, for another reason than the last time.
  };

  Kind kind = Kind::kUp;
  std::string text;
};

// Our own restart, as the OPEN tells it until that time.
struct RestartState {
  RestartClaim claim;
  absl::Time until = absl::InfinitePast();
};

class Session {
 public:
  // Bytes of routes that wait for the peer's host at most: a withdrawal that
  // comes later is behind these.
  static constexpr size_t kAheadMax = 64 << 10;

  struct Setup {
    absl::Time now;
    Prng prng{0};
    std::string_view node_name;
    RestartState restart;
    AdjRibOut* rib = nullptr;  // Outlives the session. No session has it yet.
  };

  // REQUIRES: Validate(options) is OK.
  Session(const PeerOptions& options, const Setup& setup);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What becomes of a connection that the peer opened: if false, send
  // Refusal() and close it; if true, do what TakeOutgoing() says, then call
  // OnConnected().
  bool Admit(absl::Time now);
  static std::vector<uint8_t> Refusal();

  void OnConnected(absl::Time now, Side side, const LocalAddresses& local);
  // The dial that was asked for ended so.
  void OnConnectFailed(absl::Time now, const absl::Status& why);
  void OnBytes(absl::Time now, Side side, absl::Span<const uint8_t> bytes);
  // TCP is gone. OK: the peer closed it.
  void OnClosed(absl::Time now, Side side, const absl::Status& reason);
  // Before OnTimer() and TakeOutgoing(): what the peer's host has not
  // acknowledged of all that was sent.
  void NoteUnacknowledged(absl::Time now, Side side, size_t bytes);
  void OnTimer(absl::Time now);
  // The interface of a connection has other addresses, also none of its own any
  // more: then the session ends with 6/6 and dials again.
  void OnLocalAddresses(absl::Time now, Side side,
                        const std::optional<LocalAddresses>& local);

  // Another password, for connections that live too. If the owner of the
  // sockets cannot change it there, it calls OnRekeyFailed(): 6/6, and the
  // session starts again.
  void SetPassword(absl::Time now, const std::string& password);
  void OnRekeyFailed(absl::Time now, Side side, const absl::Status& why);

  // Between these two the caller is about to change more routes: a message that
  // is not full waits for them, as BatchWait says. Each may be called again.
  void BeginBatch() { batch_.Begin(); }
  void EndBatch() { batch_.End(); }

  // Ends what there is with this notification and dials again at once: 6/10
  // when BFD says that the peer is gone, 6/4 when an operator asks for it.
  void Reset(absl::Time now, const wire::Notification& notification);

  // Ends for good. Withdraw: the peer is told that no route is left before the
  // notification.
  enum class Farewell : uint8_t { kNotify, kWithdrawAndNotify };
  void End(absl::Time now, Farewell farewell,
           const wire::Notification& notification);
  // Ends for good without a word: a peer with graceful restart keeps the
  // routes, for the next run of this process to take up.
  void Leave(absl::Time now);

  absl::Time NextDeadline() const;
  std::vector<SessionOutput> TakeOutgoing(absl::Time now);
  std::vector<SessionNews> TakeNews();

  const PeerOptions& options() const { return options_; }
  SessionState state() const;
  // The connection that routes are told on, if the session is Established.
  std::optional<Side> established() const { return established_; }
  PeerStatus Status() const;

 private:
  Connection& of(Side side) { return connections_[static_cast<int>(side)]; }
  const Connection& of(Side side) const {
    return connections_[static_cast<int>(side)];
  }

  bool MayDial() const;
  void Dial(absl::Time now);
  void AbandonDial(absl::Time now);
  void Handle(absl::Time now, Side side, Connection::Result result);
  void ResolveCollision(absl::Time now, Side side);
  void OnEstablished(absl::Time now, Side side);
  // The connection is over: its last bytes go out, its stream is closed.
  void OnEnded(absl::Time now, Side side);
  // Does it, and all that follows from that.
  void Cease(absl::Time now, Side side, const wire::Notification& notification);
  void Drop(absl::Time now, Side side, std::string_view why);
  void Record(SessionError error, bool was_established);
  // True: the peer is asked again without capabilities.
  bool TriesPlain(Side side, const SessionError& error);
  void Flush(absl::Time now, Side side);
  // Tells the peer as much as fits.
  void Pump(absl::Time now, size_t ahead_max);
  void NoteState(absl::Time now);

  PeerOptions options_;
  const std::string node_name_;
  const RestartState restart_;
  AdjRibOut* const rib_;
  Packer packer_;
  PeerCounters counters_;
  std::array<Connection, 2> connections_;  // By Side.
  DialSchedule schedule_;
  CapabilityUse next_open_ = CapabilityUse::kOffer;
  std::optional<Side> established_;
  absl::Time established_at_ = absl::InfiniteFuture();
  std::array<LocalAddresses, 2> local_;  // By Side.
  bool over_ = false;                    // It has ended for good.
  SendPace pace_;
  BatchWait batch_;
  std::optional<SessionError> last_error_;
  SessionState shown_ = SessionState::kIdle;
  absl::Time since_;
  std::vector<SessionOutput> outgoing_;
  std::vector<SessionNews> news_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_SESSION_H_
