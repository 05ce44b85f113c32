#include "lb/bgp/connection.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/bgp/wire/route_refresh.h"
#include "lb/bgp/wire/update_parser.h"

namespace lb::bgp {
namespace {

using Origin = SessionError::Origin;

wire::Notification HoldExpired() {
  return {.code = wire::ErrorCode::kHoldTimerExpired};
}

bool Includes(const net::IpFamilies& families, net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? families.ipv4 : families.ipv6;
}

}  // namespace

SessionAction Connection::Act(SessionEvent event) {
  const SessionStep step = NextStep(state_, event);
  state_ = step.next;
  return step.action;
}

void Connection::BeginDial() {
  LB_CHECK(Act(SessionEvent::kDial) == SessionAction::kDial);
  ++counters_->dials;
}

void Connection::BeginListening() { (void)Act(SessionEvent::kListen); }

Connection::Result Connection::Apply(absl::Time now, SessionEvent event,
                                     const wire::Notification& notification) {
  const SessionState before = state_;
  switch (Act(event)) {
    case SessionAction::kNone:
    case SessionAction::kDial:
    case SessionAction::kAbandonDial:
      return Result::kNothing;
    case SessionAction::kSendOpen:
      SendOpen(now);
      return Result::kNothing;
    case SessionAction::kConfirm:
      SendKeepalive(now);
      ProlongHold(now);
      return Result::kNothing;
    case SessionAction::kEstablish:
      ++counters_->times_established;
      send_hold_.Start(SendHoldTime(agreement_.hold_time));
      ProlongHold(now);
      return Result::kEstablished;
    case SessionAction::kProlong:
      ProlongHold(now);
      return Result::kNothing;
    case SessionAction::kAnswerRefresh:
      return Result::kRefreshAsked;
    case SessionAction::kNotify:
      Notify(notification);
      return Result::kEnded;
    case SessionAction::kUnexpected:
      Notify(wire::Fault(
          static_cast<wire::StateSubcode>(UnexpectedMessageSubcode(before))));
      return Result::kEnded;
    case SessionAction::kClose:
      Forget();  // The caller has said why.
      return Result::kEnded;
  }
  LB_UNREACHABLE();
}

void Connection::OnConnected(absl::Time now, const OpenTerms& terms) {
  LB_CHECK(state_ == SessionState::kConnect || state_ == SessionState::kActive);
  terms_ = terms;
  (void)Apply(now, SessionEvent::kConnected);
}

void Connection::SendOpen(absl::Time now) {
  own_open_ = OpenFor(*options_, terms_);
  hold_at_ = now + kOpenHold;
  Append(wire::EncodeOpen(own_open_));
  ++counters_->opens_sent;
}

Connection::Result Connection::Consume(absl::Time now,
                                       absl::Span<const uint8_t>* input) {
  if (!IsConnected(state_)) {
    *input = {};
    return Result::kNothing;
  }
  const auto next = framer_.Next(input);
  if (!next) return Result::kNothing;
  if (const auto* const fault = std::get_if<wire::Notification>(&*next)) {
    return Apply(now, SessionEvent::kFault, *fault);
  }
  return OnMessage(now, std::get<wire::Message>(*next));
}

Connection::Result Connection::OnMessage(absl::Time now,
                                         const wire::Message& message) {
  switch (message.type) {
    case wire::MessageType::kOpen:
      return OnOpen(now, message);
    case wire::MessageType::kUpdate:
      return OnUpdate(now, message);
    case wire::MessageType::kNotification:
      return OnNotification(now, message);
    case wire::MessageType::kKeepalive:
      ++counters_->keepalives_received;
      return Apply(now, SessionEvent::kKeepalive);
    case wire::MessageType::kRouteRefresh:
      return OnRefresh(now, message);
  }
  LB_UNREACHABLE();
}

Connection::Result Connection::OnOpen(absl::Time now,
                                      const wire::Message& message) {
  ++counters_->opens_received;
  if (state_ != SessionState::kOpenSent) {
    return Apply(now, SessionEvent::kOpen);
  }
  const auto open = wire::ParseOpen(message.body());
  if (const auto* const fault = std::get_if<wire::Notification>(&open)) {
    return Apply(now, SessionEvent::kFault, *fault);
  }
  const auto agreement =
      Judge(*options_, own_open_, std::get<wire::Open>(open));
  if (const auto* const fault = std::get_if<wire::Notification>(&agreement)) {
    return Apply(now, SessionEvent::kFault, *fault);
  }
  agreement_ = std::get<Agreement>(agreement);
  return Result::kOpenReceived;
}

void Connection::Confirm(absl::Time now) {
  LB_CHECK(state_ == SessionState::kOpenSent);
  (void)Apply(now, SessionEvent::kOpen);
}

Connection::Result Connection::OnUpdate(absl::Time now,
                                        const wire::Message& message) {
  ++counters_->updates_received;
  if (state_ != SessionState::kEstablished) {
    return Apply(now, SessionEvent::kUpdate);
  }
  const auto update = wire::ParseUpdate(
      message.body(), {.internal = agreement_.internal,
                       .four_octet_as = agreement_.four_octet_as});
  if (const auto* const fault = std::get_if<wire::Notification>(&update)) {
    return Apply(now, SessionEvent::kFault, *fault);
  }
  const auto& received = std::get<wire::ReceivedUpdate>(update);
  counters_->prefixes_received +=
      received.ipv4.announced + received.ipv6.announced;
  if (received.verdict != wire::UpdateVerdict::kFine) {
    ++counters_->faults_overlooked;
  }
  return Apply(now, SessionEvent::kUpdate);
}

Connection::Result Connection::OnRefresh(absl::Time now,
                                         const wire::Message& message) {
  ++counters_->refreshes_received;
  if (state_ != SessionState::kEstablished) {
    return Apply(now, SessionEvent::kRefresh);
  }
  const auto refresh = wire::ParseRouteRefresh(message);
  if (const auto* const fault = std::get_if<wire::Notification>(&refresh)) {
    return Apply(now, SessionEvent::kFault, *fault);
  }
  const auto& asked = std::get<wire::RouteRefresh>(refresh);
  // A peer marks its own answers by BoRR and EoRR; we never ask for one.
  if (asked.kind != wire::RefreshKind::kRequest || !asked.family ||
      !Includes(agreement_.families, *asked.family)) {
    return Result::kNothing;
  }
  refresh_asked_ = *asked.family;
  return Apply(now, SessionEvent::kRefresh);
}

Connection::Result Connection::OnNotification(absl::Time now,
                                              const wire::Message& message) {
  ++counters_->notifications_received;
  const wire::Notification notification =
      wire::ParseNotification(message.body());
  end_ = {.origin = Origin::kPeer,
          .notification = notification,
          .text = wire::Text(notification)};
  return Apply(now, SessionEvent::kNotification);
}

Connection::Result Connection::OnTimer(absl::Time now) {
  if (now >= hold_at_) {
    if (is_grace_) {
      return Apply(now, SessionEvent::kExpired, HoldExpired());
    }
    hold_at_ = now + kHoldGrace;
    is_grace_ = true;
  }
  if (now >= send_hold_.deadline()) {
    return Apply(now, SessionEvent::kExpired,
                 {.code = wire::ErrorCode::kSendHoldTimerExpired});
  }
  if (now >= keepalive_at_) SendKeepalive(now);
  return Result::kNothing;
}

Connection::Result Connection::OnClosed(absl::Time now,
                                        const absl::Status& reason) {
  if (!IsConnected(state_)) return Result::kNothing;
  end_ = {.origin = Origin::kTcp,
          .text = reason.ok() ? "the peer closed the connection"
                              : std::string(reason.message())};
  return Apply(now, SessionEvent::kClosed);
}

void Connection::Cease(absl::Time now, const wire::Notification& notification) {
  (void)Apply(now, SessionEvent::kCease, notification);
}

void Connection::Drop(absl::Time now, std::string_view why) {
  end_ = {.origin = Origin::kUs, .text = std::string(why)};
  (void)Apply(now, SessionEvent::kRestart);
}

void Connection::Send(absl::Time now, absl::Span<const uint8_t> messages) {
  LB_CHECK(state_ == SessionState::kEstablished);
  Append(messages);
  ArmKeepalive(now);
}

void Connection::NoteUnacknowledged(absl::Time now, size_t bytes) {
  send_hold_.OnUnacknowledged(now, bytes);
}

absl::Time Connection::NextDeadline() const {
  return std::min({hold_at_, keepalive_at_, send_hold_.deadline()});
}

std::vector<uint8_t> Connection::TakeOutgoing(absl::Time now) {
  if (IsConnected(state_)) send_hold_.OnSent(now, outgoing_.size());
  return std::exchange(outgoing_, {});
}

void Connection::SendKeepalive(absl::Time now) {
  Append(wire::EncodeKeepalive());
  ++counters_->keepalives_sent;
  ArmKeepalive(now);
}

void Connection::ArmKeepalive(absl::Time now) {
  const absl::Duration full = agreement_.keepalive_time;
  keepalive_at_ = full == absl::ZeroDuration()
                      ? absl::InfiniteFuture()
                      : now + full - prng_.UniformDuration(full / 4);
}

void Connection::ProlongHold(absl::Time now) {
  is_grace_ = false;
  hold_at_ = agreement_.hold_time == absl::ZeroDuration()
                 ? absl::InfiniteFuture()
                 : now + agreement_.hold_time;
}

void Connection::Notify(const wire::Notification& notification) {
  Append(wire::EncodeNotification(notification));
  ++counters_->notifications_sent;
  end_ = {.origin = Origin::kUs,
          .notification = notification,
          .text = wire::Text(notification)};
  Forget();
}

void Connection::Forget() {
  framer_ = {};
  hold_at_ = absl::InfiniteFuture();
  is_grace_ = false;
  keepalive_at_ = absl::InfiniteFuture();
  send_hold_ = {};
}

void Connection::Append(absl::Span<const uint8_t> message) {
  outgoing_.insert(outgoing_.end(), message.begin(), message.end());
}

}  // namespace lb::bgp
