// Session: the core of one BFD session, in asynchronous mode without echo.
//
// It never reads a clock and has no socket: packets go in that Endpoint has
// judged, packets come out. After each call take what it has to say, and call
// OnTimer() at NextDeadline().
//
//   Session session({}, /*discriminator=*/prng.Next() | 1, prng, now);
//   session.OnPacket(now, /*arrived=*/now, packet);
//   for (const ControlPacket& packet : session.TakeOutgoing()) Send(packet);
//
// A caller that was late shoots no peer: if OnTimer() comes more than one
// interval after the detection time, the peer has that time once more from then
// on, once for each silence.
//
// One thread. RFC 5880.
#ifndef LB_BFD_SESSION_H_
#define LB_BFD_SESSION_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/bfd/poll_sequence.h"
#include "lb/bfd/session_options.h"
#include "lb/bfd/session_state.h"
#include "lb/bfd/session_status.h"
#include "lb/bfd/wire/control_packet.h"

namespace lb::bfd {

class Session {
 public:
  // REQUIRES: the options are valid, and `discriminator` is not 0. The first
  // packet is due at once.
  Session(const SessionOptions& options, uint32_t discriminator, Prng prng,
          absl::Time now);

  // Changes the intervals by a Poll sequence if the session is Up. It stays Up,
  // unless admin_down is set.
  void SetOptions(absl::Time now, const SessionOptions& options);

  // A packet of the peer, which reached the host at `arrived`.
  void OnPacket(absl::Time now, absl::Time arrived,
                const ControlPacket& packet);
  void OnTimer(absl::Time now);

  // When OnTimer() has something to do. InfiniteFuture: never.
  absl::Time NextDeadline() const { return std::min(send_at_, silent_at_); }
  // When the peer has been silent for the detection time. InfiniteFuture: it
  // is not being watched.
  absl::Time silent_at() const { return silent_at_; }

  // To be sent, in this order.
  std::vector<ControlPacket> TakeOutgoing() {
    return std::exchange(outgoing_, {});
  }
  // What happened since it was last taken, in this order.
  std::vector<SessionChange> TakeChanges() {
    return std::exchange(changes_, {});
  }

  const SessionOptions& options() const { return options_; }
  State state() const { return state_; }
  Diagnostic diagnostic() const { return diagnostic_; }
  uint32_t discriminator() const { return discriminator_; }
  SessionStatus status() const;

 private:
  // RFC 5880 section 6.8.1, with its initial values.
  struct Peer {
    uint32_t discriminator = 0;  // 0: nothing is heard of it.
    State state = State::kDown;
    Diagnostic diagnostic = Diagnostic::kNone;
    int detect_multiplier = 0;
    absl::Duration desired_min_tx;
    absl::Duration required_min_rx = absl::Microseconds(1);
  };
  struct Intervals {
    absl::Duration desired_min_tx;
    absl::Duration required_min_rx;

    friend bool operator==(const Intervals&, const Intervals&) = default;
  };

  // What packets say now.
  Intervals Advertised() const;
  // Applies what needs no consent of the peer, and asks for the rest.
  void ChangeIntervals(const Intervals& before);
  void Input(absl::Time now, SessionInput input);
  void NoteChange(State before, SessionInput input);
  void JudgeSilence(absl::Time now);
  void ForgetPeer();
  // Sends earlier or later, if the interval has changed.
  void Reschedule(absl::Time now);
  bool MaySend() const;
  void SendNow(absl::Time now);
  void SendFinal();
  ControlPacket MakePacket() const;
  absl::Duration CurrentTransmitInterval() const;
  absl::Duration CurrentDetectionTime() const;

  const uint32_t discriminator_;
  SessionOptions options_;
  Prng prng_;
  State state_ = State::kDown;
  Diagnostic diagnostic_ = Diagnostic::kNone;
  absl::Time since_;
  Peer peer_;
  // What the own timers go by; behind Advertised() while the peer is asked.
  Intervals in_force_;
  PollSequence poll_;
  absl::Duration scheduled_interval_;  // By which send_at_ was drawn.
  absl::Time sent_at_ = absl::InfinitePast();
  absl::Time send_at_ = absl::InfiniteFuture();
  absl::Time heard_at_ = absl::InfinitePast();
  absl::Time silent_at_ = absl::InfiniteFuture();
  bool was_late_ = false;  // In this silence; the peer had its time once more.
  SessionCounters counters_;
  std::vector<ControlPacket> outgoing_;
  std::vector<SessionChange> changes_;
};

}  // namespace lb::bfd

#endif  // LB_BFD_SESSION_H_
