#include "lb/bfd/session.h"

#include <algorithm>

#include "lb/base/check.h"
#include "lb/bfd/timing.h"

namespace lb::bfd {

Session::Session(const SessionOptions& options, uint32_t discriminator,
                 Prng prng, absl::Time now)
    : discriminator_(discriminator),
      options_(options),
      prng_(prng),
      since_(now),
      in_force_(Advertised()) {
  LB_CHECK(discriminator != 0);
  if (options_.admin_down) Input(now, SessionInput::kDisable);
  Reschedule(now);
}

// Section 6.8.3: no faster than once a second unless Up.
Session::Intervals Session::Advertised() const {
  const absl::Duration desired =
      state_ == State::kUp ? options_.desired_min_tx
                           : std::max(options_.desired_min_tx, kSlowInterval);
  return {desired, options_.required_min_rx};
}

void Session::SetOptions(absl::Time now, const SessionOptions& options) {
  if (options == options_) return;
  const Intervals before = Advertised();
  const bool differs = options.detect_multiplier != options_.detect_multiplier;
  options_ = options;
  ChangeIntervals(before);
  if (peer_.discriminator != 0) {
    silent_at_ = std::max(silent_at_, heard_at_ + CurrentDetectionTime());
  }
  const State state = state_;
  Input(now,
        options.admin_down ? SessionInput::kDisable : SessionInput::kEnable);
  Reschedule(now);
  // A change of state has been sent already.
  if (state_ == state && (differs || Advertised() != before)) SendNow(now);
}

// Section 6.8.3: the peer must know of slower packets before they come, and
// send faster before they are missed sooner.
void Session::ChangeIntervals(const Intervals& before) {
  const Intervals wanted = Advertised();
  if (state_ != State::kUp) {
    in_force_ = wanted;
    poll_.Stop();
    return;
  }
  in_force_.desired_min_tx =
      std::min(in_force_.desired_min_tx, wanted.desired_min_tx);
  in_force_.required_min_rx =
      std::max(in_force_.required_min_rx, wanted.required_min_rx);
  if (wanted != before) poll_.Start();
}

void Session::OnPacket(absl::Time now, absl::Time arrived,
                       const ControlPacket& packet) {
  ++counters_.control_packet_input;
  peer_ = {.discriminator = packet.my_discriminator,
           .state = packet.state,
           .diagnostic = packet.diagnostic,
           .detect_multiplier = packet.detect_multiplier,
           .desired_min_tx = packet.desired_min_tx,
           .required_min_rx = packet.required_min_rx};
  if (packet.final && poll_.OnFinal()) in_force_ = Advertised();
  Input(now, InputOf(packet.state));
  // Datagrams of two sockets may come out of order.
  heard_at_ = std::max(heard_at_, arrived);
  was_late_ = false;
  silent_at_ = heard_at_ + CurrentDetectionTime();
  Reschedule(now);
  if (packet.poll && state_ != State::kAdminDown) SendFinal();
}

void Session::Input(absl::Time now, SessionInput input) {
  const std::optional<Transition> next = NextState(state_, input);
  if (!next) return;
  const State before = state_;
  const Intervals advertised = Advertised();
  state_ = next->state;
  diagnostic_ = next->diagnostic;
  since_ = now;
  ChangeIntervals(advertised);
  NoteChange(before, input);
  Reschedule(now);
  SendNow(now);  // Section 6.8.7: the peer need not wait for the news.
}

void Session::NoteChange(State before, SessionInput input) {
  if (state_ == State::kUp) {
    ++counters_.session_up_events;
    changes_.push_back(SessionChange::kUp);
    return;
  }
  if (before != State::kUp) return;  // What never was Up has not failed.
  ++counters_.session_down_events;
  switch (input) {
    case SessionInput::kPeerAdminDown:
      changes_.push_back(SessionChange::kPeerAdminDown);
      return;
    case SessionInput::kDisable:
      changes_.push_back(SessionChange::kDisabled);
      return;
    case SessionInput::kPeerDown:
    case SessionInput::kPeerInit:
    case SessionInput::kPeerUp:
    case SessionInput::kDetectionExpired:
    case SessionInput::kEnable:
      changes_.push_back(SessionChange::kPeerFailed);
      return;
  }
}

void Session::OnTimer(absl::Time now) {
  if (silent_at_ <= now) JudgeSilence(now);
  if (send_at_ <= now) SendNow(now);
}

void Session::JudgeSilence(absl::Time now) {
  const absl::Duration interval =
      CurrentDetectionTime() / peer_.detect_multiplier;
  const bool is_watched = state_ == State::kUp || state_ == State::kInit;
  if (is_watched && !was_late_ && now - silent_at_ > interval) {
    was_late_ = true;
    ++counters_.late_judgements;
    silent_at_ = now + CurrentDetectionTime();
    return;
  }
  ForgetPeer();
  Input(now, SessionInput::kDetectionExpired);
  Reschedule(now);
}

void Session::ForgetPeer() {
  peer_ = {};
  silent_at_ = absl::InfiniteFuture();
}

bool Session::MaySend() const {
  // Section 6.8.7: a passive end waits for the other one.
  const bool waits = options_.passive && peer_.discriminator == 0;
  return !waits && CurrentTransmitInterval() != absl::InfiniteDuration();
}

void Session::Reschedule(absl::Time now) {
  const absl::Duration interval =
      MaySend() ? CurrentTransmitInterval() : absl::InfiniteDuration();
  if (interval == scheduled_interval_) return;
  scheduled_interval_ = interval;
  if (interval == absl::InfiniteDuration()) {
    send_at_ = absl::InfiniteFuture();
    return;
  }
  const absl::Duration wait =
      Jittered(interval, options_.detect_multiplier, prng_);
  send_at_ = std::max(now, sent_at_ + wait);
}

void Session::SendNow(absl::Time now) {
  if (!MaySend()) return;
  outgoing_.push_back(MakePacket());
  outgoing_.back().poll = poll_.is_running();
  poll_.OnSent();
  ++counters_.control_packet_output;
  sent_at_ = now;
  scheduled_interval_ = CurrentTransmitInterval();
  send_at_ =
      now + Jittered(scheduled_interval_, options_.detect_multiplier, prng_);
}

// Section 6.8.7: at once, whatever the timer says; and never with the P bit.
void Session::SendFinal() {
  outgoing_.push_back(MakePacket());
  outgoing_.back().final = true;
  ++counters_.control_packet_output;
}

ControlPacket Session::MakePacket() const {
  const Intervals advertised = Advertised();
  return {.diagnostic = diagnostic_,
          .state = state_,
          .detect_multiplier = static_cast<uint8_t>(options_.detect_multiplier),
          .my_discriminator = discriminator_,
          .your_discriminator = peer_.discriminator,
          .desired_min_tx = advertised.desired_min_tx,
          .required_min_rx = advertised.required_min_rx};
}

absl::Duration Session::CurrentTransmitInterval() const {
  return TransmitInterval(in_force_.desired_min_tx, peer_.required_min_rx);
}

absl::Duration Session::CurrentDetectionTime() const {
  return DetectionTime(peer_.detect_multiplier, in_force_.required_min_rx,
                       peer_.desired_min_tx);
}

SessionStatus Session::status() const {
  SessionStatus status = {.state = state_,
                          .diagnostic = diagnostic_,
                          .since = since_,
                          .discriminator = discriminator_,
                          .peer_discriminator = peer_.discriminator,
                          .peer_state = peer_.state,
                          .peer_diagnostic = peer_.diagnostic,
                          .peer_detect_multiplier = peer_.detect_multiplier,
                          .transmit_interval = CurrentTransmitInterval(),
                          .polling = poll_.is_running(),
                          .counters = counters_};
  if (peer_.discriminator != 0) {
    status.detection_time = CurrentDetectionTime();
    status.receive_interval =
        std::max(in_force_.required_min_rx, peer_.desired_min_tx);
  }
  return status;
}

}  // namespace lb::bfd
