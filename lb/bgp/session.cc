#include "lb/bgp/session.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/bgp/router_id.h"

namespace lb::bgp {
namespace {

using Kind = SessionOutput::Kind;
using Origin = SessionError::Origin;

constexpr Side kSides[] = {Side::kDialled, Side::kAccepted};
// For the withdrawals of a session that ends for good.
constexpr size_t kUnbounded = size_t{1} << 30;

wire::Notification Collision() {
  return wire::Fault(wire::CeaseSubcode::kCollision);
}

bool HasCode(const SessionError& error, wire::ErrorCode code) {
  return error.notification && error.notification->code == code;
}

}  // namespace

Session::Session(const PeerOptions& options, const Setup& setup)
    : options_(options),
      node_name_(setup.node_name),
      restart_(setup.restart),
      rib_(setup.rib),
      packer_(setup.rib),
      connections_{
          Connection(&options_, &counters_, setup.prng.Fork("dialled")),
          Connection(&options_, &counters_, setup.prng.Fork("accepted"))},
      schedule_(setup.prng.Fork("dials"), setup.now,
                options_.connect_time.value_or(DialSchedule::kAwayMax)),
      since_(setup.now) {
  if (options_.opening != Opening::kDial) of(Side::kAccepted).BeginListening();
  NoteState(setup.now);
}

bool Session::MayDial() const {
  return !over_ && !established_ && options_.opening != Opening::kListen &&
         of(Side::kDialled).state() == SessionState::kIdle;
}

void Session::Dial(absl::Time now) {
  of(Side::kDialled).BeginDial();
  outgoing_.push_back({.side = Side::kDialled, .kind = Kind::kDial});
  NoteState(now);
}

void Session::AbandonDial(absl::Time now) {
  if (of(Side::kDialled).state() != SessionState::kConnect) return;
  of(Side::kDialled).Cease(now, Collision());  // No peer to tell it.
  outgoing_.push_back({.side = Side::kDialled, .kind = Kind::kAbandon});
}

bool Session::Admit(absl::Time now) {
  if (over_ || options_.opening == Opening::kDial) return false;
  if (established_) {
    const Side side = *established_;
    if (!of(side).agreement().graceful_restart) return false;
    // RFC 4724, section 4.2: the peer starts again, so it has lost this one.
    Drop(now, side, "the peer has restarted");
  }
  if (IsConnected(of(Side::kAccepted).state())) {
    // It dials again, so it has given this one up.
    Cease(now, Side::kAccepted, Collision());
  }
  return true;
}

std::vector<uint8_t> Session::Refusal() {
  return wire::EncodeNotification(Collision());
}

void Session::OnConnected(absl::Time now, Side side,
                          const LocalAddresses& local) {
  local_[static_cast<int>(side)] = local;
  const bool claims = now < restart_.until && counters_.times_established == 0;
  of(side).OnConnected(
      now, {.identifier = ChooseIdentifier(options_, local, node_name_),
            .restart = claims ? restart_.claim : RestartClaim(),
            .capabilities = std::exchange(next_open_, CapabilityUse::kOffer)});
  NoteState(now);
}

void Session::OnConnectFailed(absl::Time now, const absl::Status& why) {
  of(Side::kDialled).OnConnectFailed();
  schedule_.OnFailed(now, DialFailure::kAway);
  Record(
      {.origin = Origin::kTcp, .text = std::string(why.message()), .at = now},
      /*was_established=*/false);
  NoteState(now);
}

void Session::OnBytes(absl::Time now, Side side,
                      absl::Span<const uint8_t> bytes) {
  while (!bytes.empty() && IsConnected(of(side).state())) {
    Handle(now, side, of(side).Consume(now, &bytes));
  }
  NoteState(now);
}

void Session::OnClosed(absl::Time now, Side side, const absl::Status& reason) {
  Handle(now, side, of(side).OnClosed(now, reason));
  NoteState(now);
}

void Session::NoteUnacknowledged(absl::Time now, Side side, size_t bytes) {
  of(side).NoteUnacknowledged(now, bytes);
}

void Session::OnTimer(absl::Time now) {
  for (const Side side : kSides) Handle(now, side, of(side).OnTimer(now));
  if (MayDial() && now >= schedule_.next()) Dial(now);
  NoteState(now);
}

void Session::OnLocalAddresses(absl::Time now, Side side,
                               const std::optional<LocalAddresses>& local) {
  if (!IsConnected(of(side).state())) return;
  LocalAddresses& known = local_[static_cast<int>(side)];
  if (!local || local->session != known.session) {
    Reset(now, wire::Fault(wire::CeaseSubcode::kOtherConfigurationChange));
    return;
  }
  known = *local;
  // One that is not Established takes them up when it is.
  if (established_ != side) return;
  packer_.SetNextHops(NextHopsFor(known, of(side).agreement()));
}

void Session::SetPassword(absl::Time now, const std::string& password) {
  options_.password = password;
  for (const Side side : kSides) {
    if (!IsConnected(of(side).state())) continue;
    outgoing_.push_back({.side = side, .kind = Kind::kSetKey});
  }
  // A dial with the old one can only fail.
  AbandonDial(now);
  schedule_.Reset(now);
  NoteState(now);
}

void Session::OnRekeyFailed(absl::Time now, Side side,
                            const absl::Status& why) {
  if (!IsConnected(of(side).state())) return;
  Cease(now, side, wire::Fault(wire::CeaseSubcode::kOtherConfigurationChange));
  last_error_->text =
      fmt::format("{}; {}", last_error_->text, std::string(why.message()));
  schedule_.Reset(now);
  NoteState(now);
}

void Session::Reset(absl::Time now, const wire::Notification& notification) {
  for (const Side side : kSides) {
    if (IsConnected(of(side).state())) Cease(now, side, notification);
  }
  schedule_.Reset(now);
  NoteState(now);
}

void Session::End(absl::Time now, Farewell farewell,
                  const wire::Notification& notification) {
  EndBatch();
  if (established_ && farewell == Farewell::kWithdrawAndNotify) {
    rib_->Replace({});
    Pump(now, kUnbounded);
  }
  over_ = true;
  AbandonDial(now);
  Reset(now, notification);
}

void Session::Leave(absl::Time now) {
  over_ = true;
  AbandonDial(now);
  for (const Side side : kSides) {
    if (IsConnected(of(side).state())) Drop(now, side, "this process restarts");
  }
  NoteState(now);
}

void Session::Handle(absl::Time now, Side side, Connection::Result result) {
  switch (result) {
    case Connection::Result::kNothing:
      return;
    case Connection::Result::kOpenReceived:
      return ResolveCollision(now, side);
    case Connection::Result::kEstablished:
      return OnEstablished(now, side);
    case Connection::Result::kRefreshAsked:
      return packer_.Refresh(of(side).refresh_asked());
    case Connection::Result::kEnded:
      return OnEnded(now, side);
  }
  LB_UNREACHABLE();
}

// RFC 4271, section 6.8.
void Session::ResolveCollision(absl::Time now, Side side) {
  const Side other = OtherSide(side);
  if (of(other).state() == SessionState::kOpenConfirm) {
    const Agreement& agreement = of(side).agreement();
    const Side kept = Survivor({of(side).terms().identifier, options_.own_asn},
                               {agreement.peer_identifier, agreement.peer_asn});
    Cease(now, OtherSide(kept), Collision());
    if (kept == other) return;
  }
  of(side).Confirm(now);
}

void Session::OnEstablished(absl::Time now, Side side) {
  const Side other = OtherSide(side);
  established_ = side;
  established_at_ = now;
  AbandonDial(now);
  if (IsConnected(of(other).state())) Cease(now, other, Collision());
  const Agreement& agreement = of(side).agreement();
  packer_.Start({.context = {.own_as = options_.own_asn,
                             .internal = agreement.internal,
                             .four_octet_as = agreement.four_octet_as,
                             .next_hops = NextHopsFor(
                                 local_[static_cast<int>(side)], agreement)},
                 .families = agreement.families,
                 .enhanced_refresh = agreement.enhanced_refresh});
  news_.push_back(
      {.kind = SessionNews::Kind::kUp,
       .text = fmt::format("AS {}, hold time {}", agreement.peer_asn.ToString(),
                           absl::FormatDuration(agreement.hold_time))});
}

void Session::OnEnded(absl::Time now, Side side) {
  Flush(now, side);
  outgoing_.push_back({.side = side, .kind = Kind::kClose});
  SessionError error = of(side).end();
  error.at = now;
  const bool was_established = established_ == side;
  const bool is_refused = HasCode(error, wire::ErrorCode::kOpenMessage);
  if (TriesPlain(side, error)) {
    next_open_ = CapabilityUse::kPlain;
    schedule_.OnFailed(now, DialFailure::kAway);
  } else if (side == Side::kDialled || was_established) {
    schedule_.OnFailed(
        now, is_refused ? DialFailure::kOpenRefused : DialFailure::kAway,
        was_established ? established_at_ : absl::InfiniteFuture());
  }
  if (was_established) {
    established_ = std::nullopt;
    established_at_ = absl::InfiniteFuture();
    packer_.Stop();
    pace_.Rest();
    batch_.Rest();
  }
  if (side == Side::kAccepted && !over_) of(side).BeginListening();
  // When two connections collide, one ends, and nothing is wrong.
  if (error.notification != Collision()) {
    Record(std::move(error), was_established);
  }
}

bool Session::TriesPlain(Side side, const SessionError& error) {
  if (side != Side::kDialled || error.origin != Origin::kPeer ||
      !options_.families.ipv4) {
    return false;
  }
  return of(side).terms().capabilities == CapabilityUse::kOffer &&
         HasCode(error, wire::ErrorCode::kOpenMessage) &&
         error.notification->subcode ==
             static_cast<uint8_t>(wire::OpenSubcode::kUnsupportedParameter);
}

void Session::Cease(absl::Time now, Side side,
                    const wire::Notification& notification) {
  of(side).Cease(now, notification);
  OnEnded(now, side);
}

void Session::Drop(absl::Time now, Side side, std::string_view why) {
  of(side).Drop(now, why);
  OnEnded(now, side);
}

void Session::Record(SessionError error, bool was_established) {
  const bool is_new = !last_error_ || last_error_->text != error.text;
  if (was_established || is_new) {
    news_.push_back({.kind = was_established ? SessionNews::Kind::kDown
                                             : SessionNews::Kind::kFailed,
                     .text = error.text});
  }
  last_error_ = std::move(error);
}

void Session::Flush(absl::Time now, Side side) {
  std::vector<uint8_t> bytes = of(side).TakeOutgoing(now);
  if (bytes.empty()) return;
  outgoing_.push_back(
      {.side = side, .kind = Kind::kSend, .bytes = std::move(bytes)});
}

void Session::Pump(absl::Time now, size_t ahead_max) {
  if (!established_) return;
  Connection& connection = of(*established_);
  const size_t ahead = connection.ahead();
  const Packer::Packed packed = packer_.Take(
      ahead < ahead_max ? ahead_max - ahead : 0, batch_.Which(now));
  batch_.OnPacked(now, packed);
  if (!packed.bytes.empty()) {
    connection.Send(now, packed.bytes);
    counters_.updates_sent += packed.updates;
    counters_.refreshes_sent += packed.refreshes;
  }
  if (packer_.idle() || packed.waits) {
    pace_.Rest();
  } else if (packed.bytes.empty()) {
    pace_.OnStuck(now);
  } else {
    pace_.OnProgress(now);
  }
}

absl::Time Session::NextDeadline() const {
  const absl::Time dial = MayDial() ? schedule_.next() : absl::InfiniteFuture();
  return std::min({dial, pace_.deadline(), batch_.deadline(),
                   of(Side::kDialled).NextDeadline(),
                   of(Side::kAccepted).NextDeadline()});
}

std::vector<SessionOutput> Session::TakeOutgoing(absl::Time now) {
  Pump(now, kAheadMax);
  for (const Side side : kSides) Flush(now, side);
  return std::exchange(outgoing_, {});
}

std::vector<SessionNews> Session::TakeNews() {
  return std::exchange(news_, {});
}

SessionState Session::state() const {
  return std::max(of(Side::kDialled).state(), of(Side::kAccepted).state());
}

void Session::NoteState(absl::Time now) {
  if (std::exchange(shown_, state()) != shown_) since_ = now;
}

PeerStatus Session::Status() const {
  PeerStatus status = {.name = options_.name,
                       .state = state(),
                       .since = since_,
                       .last_error = last_error_,
                       .counters = counters_};
  if (MayDial()) status.next_dial = schedule_.next();
  if (established_) {
    const Agreement& agreement = of(*established_).agreement();
    status.local = local_[static_cast<int>(*established_)].session;
    status.peer_asn = agreement.peer_asn;
    status.peer_identifier = agreement.peer_identifier;
    status.hold_time = agreement.hold_time;
    status.families = agreement.families;
  }
  for (const auto family : {net::IpFamily::kIpv4, net::IpFamily::kIpv6}) {
    const AdjRibOut::Counts counts = rib_->counts(family);
    status.of_family[net::FamilyIndex(family)] = {
        .advertised = counts.told,
        .pending = counts.withdrawals + counts.announcements,
        .held_back = packer_.held_back(family),
        .reason = packer_.hold_back(family)};
  }
  return status;
}

}  // namespace lb::bgp
