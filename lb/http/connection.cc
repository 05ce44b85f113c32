#include "lb/http/connection.h"

#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/status_text.h"
#include "lb/io/turn_cause.h"

namespace lb::http {
namespace {

RequestId IdOf(const Http2Event& event) {
  return std::visit([](const auto& one) { return one.id; }, event);
}

}  // namespace

Connection::Connection(io::Loop* loop, Setup setup, Owner owner)
    : loop_(loop),
      tls_(std::move(setup.tls)),
      remote_(setup.stream->remote()),
      deadline_(setup.deadline),
      session_(setup.options, std::move(setup.target), loop->Now()),
      owner_(std::move(owner)),
      stream_(std::move(setup.stream)),
      timer_(loop->NewTimer([this] { OnTimer(); })) {
  stream_->Receive([this](absl::Span<const uint8_t> bytes) { OnBytes(bytes); },
                   [this](const absl::Status& reason) { OnClosed(reason); });
  Flush();
  ArmTimer();
}

Connection::~Connection() {
  if (stream_ended_ || !broken_.ok()) return;
  session_.End(absl::CancelledError("the client ends the connection"));
  Flush();
  if (stream_ended_ || !broken_.ok()) return;
  if (tls_ != nullptr) {
    tls_->Finish();
    (void)stream_->Send(AsBytes(tls_->TakeOutput()));
  }
  // What is queued goes out behind the scenes.
  stream_->FinishSending();
}

void Connection::Send(RequestId id, Request request) {
  session_.Send(loop_->Now(), id, std::move(request));
  Flush();
  ArmTimer();
}

void Connection::Cancel(RequestId id) {
  session_.Cancel(id);
  Flush();
  ArmTimer();
}

void Connection::Drain() {
  session_.Drain();
  Flush();
  ArmTimer();
}

void Connection::EndSoon(absl::Status why) {
  if (broken_.ok()) broken_ = std::move(why);
  ArmTimer();
}

bool Connection::is_set_up() const { return MaySpeak() && session_.is_ready(); }

void Connection::OnBytes(absl::Span<const uint8_t> bytes) {
  const io::TurnCause cause(loop_, "speaks HTTP/2");
  if (tls_ == nullptr) {
    session_.OnBytes(loop_->Now(), bytes);
    return Settle();
  }
  const absl::Status received = tls_->Receive(bytes);
  const std::string plaintext = tls_->TakePlaintext();
  session_.OnBytes(loop_->Now(), AsBytes(plaintext));
  Flush();  // An alert, perhaps.
  if (!received.ok()) {
    session_.End(
        absl::UnavailableError(fmt::format("tls: {}", received.message())));
  }
  if (tls_->peer_finished()) {
    session_.End(absl::UnavailableError("the server closes the connection"));
  }
  Settle();
}

void Connection::OnClosed(const absl::Status& reason) {
  stream_ended_ = true;
  session_.End(reason.ok()
                   ? absl::UnavailableError("the server closes the connection")
                   : reason);
  Settle();
}

void Connection::OnTimer() {
  const absl::Time now = loop_->Now();
  if (!broken_.ok()) {
    session_.End(broken_);
  } else if (is_set_up()) {
    session_.OnTimer(now);
  } else if (now >= deadline_) {
    broken_ = absl::UnavailableError(
        MaySpeak() ? "the server is silent, want SETTINGS of HTTP/2"
                   : "the server does not finish the TLS handshake");
    session_.End(broken_);
  }
  Settle();
}

void Connection::Settle() {
  if (!HandEventsOn()) return;
  Flush();
  // Handlers may have caused more events. These come on a later turn.
  if (session_.status().ok() || session_.has_events()) return ArmTimer();
  timer_->Disarm();
  // Moved: the owner may destroy this within the call.
  Owner owner = std::move(owner_);
  owner.on_over();
}

bool Connection::HandEventsOn() {
  const std::weak_ptr<const bool> alive = alive_;
  for (Http2Event& event : session_.TakeEvents()) {
    const RequestId id = IdOf(event);
    const auto* const body = std::get_if<BodyEvent>(&event);
    const size_t size = body == nullptr ? 0 : body->bytes.size();
    owner_.on_event(std::move(event));
    if (alive.expired()) return false;
    if (size > 0) session_.Consume(id, size);
  }
  return true;
}

void Connection::Flush() {
  if (stream_ended_ || !broken_.ok()) return;
  std::string bytes;
  if (MaySpeak()) bytes = session_.TakeOutput();
  if (tls_ != nullptr) {
    if (!bytes.empty()) tls_->Send(bytes);
    bytes = tls_->TakeOutput();
  }
  if (bytes.empty()) return;
  const absl::Status sent = stream_->Send(AsBytes(bytes));
  if (!sent.ok()) {
    broken_ = absl::UnavailableError(
        fmt::format("the connection is lost: {}", sent.message()));
  }
}

void Connection::ArmTimer() {
  if (!broken_.ok() || session_.has_events() || !session_.status().ok()) {
    return timer_->Arm(loop_->Now());
  }
  timer_->Arm(is_set_up() ? session_.NextDeadline() : deadline_);
}

}  // namespace lb::http
