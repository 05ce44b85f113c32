#include "daemon/front/connection.h"

#include <sys/socket.h>

#include <utility>

#include "asio/buffer.hpp"
#include "asio/error.hpp"
#include "asio/write.hpp"
#include "daemon/front/steady_now.h"

namespace lb::front {
Connection::Connection(asio::io_context& context,
                       std::unique_ptr<CallerStream> caller,
                       absl::Duration age_max, Owner owner)
    : caller_(std::move(caller)),
      age_max_(age_max),
      owner_(std::move(owner)),
      server_(context),
      deadline_(context),
      pause_(context),
      unread_(context) {}

void Connection::Start() {
  CloseAfter(kHandshakeMax, "no handshake within 5 s");
  caller_->Handshake(
      [self = shared_from_this()](const asio::error_code& error) {
        if (!self->closed_) self->OnHandshake(error);
      });
}

void Connection::OnHandshake(const asio::error_code& error) {
  if (error) {
    CloseFor(error == asio::error::eof ? "" : error.message());
    return;
  }
  const absl::StatusOr<int> descriptor = owner_.connect(caller_->Names());
  if (!descriptor.ok()) {
    CloseFor(std::string(descriptor.status().message()));
    return;
  }
  asio::error_code ignored;
  server_.assign({AF_UNIX, SOCK_STREAM}, *descriptor, ignored);
  ReadCaller();
  ReadServer();
}

void Connection::ReadCaller() {
  caller_->ReadSome(
      asio::buffer(from_caller_),
      [self = shared_from_this()](const asio::error_code& error, size_t size) {
        if (self->closed_) return;
        error ? self->Close() : self->OnCallerBytes(size);
      });
}

void Connection::OnCallerBytes(size_t size) {
  const bool was_pending = is_pending();
  const Http2Bounds::Verdict verdict =
      bounds_.Judge({from_caller_.data(), size}, SteadyNow());
  if (verdict != Http2Bounds::Verdict::kPass) {
    CloseFor(ToString(verdict));
    return;
  }
  if (was_pending && !is_pending()) CloseAfter(age_max_, "");
  asio::async_write(
      server_, asio::buffer(from_caller_, size),
      [self = shared_from_this()](const asio::error_code& error, size_t) {
        if (self->closed_) return;
        error ? self->Close() : self->WaitForCaller();
      });
}

void Connection::WaitForCaller() {
  const absl::Duration debt = bounds_.Debt(SteadyNow());
  if (debt == absl::ZeroDuration()) {
    ReadCaller();
    return;
  }
  pause_.expires_after(absl::ToChronoNanoseconds(debt));
  pause_.async_wait([self = shared_from_this()](const asio::error_code&) {
    if (!self->closed_) self->ReadCaller();
  });
}

void Connection::ReadServer() {
  server_.async_read_some(
      asio::buffer(from_server_),
      [self = shared_from_this()](const asio::error_code& error, size_t size) {
        if (self->closed_) return;
        error ? self->Close() : self->OnServerBytes(size);
      });
}

void Connection::OnServerBytes(size_t size) {
  bounds_.OnServerBytes();
  unread_.expires_after(absl::ToChronoNanoseconds(kUnreadMax));
  unread_.async_wait(
      [self = shared_from_this()](const asio::error_code& error) {
        if (!error) self->CloseFor("it does not read its answers");
      });
  caller_->Write(
      asio::buffer(from_server_, size),
      [self = shared_from_this()](const asio::error_code& error, size_t) {
        if (self->closed_) return;
        self->unread_.cancel();
        error ? self->Close() : self->ReadServer();
      });
}

void Connection::CloseAfter(absl::Duration duration, std::string_view why) {
  deadline_.cancel();
  if (duration == absl::InfiniteDuration()) return;
  deadline_.expires_after(absl::ToChronoNanoseconds(duration));
  deadline_.async_wait(
      [self = shared_from_this(), why](const asio::error_code& error) {
        if (!error) self->CloseFor(why);
      });
}

void Connection::CloseFor(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  caller_->Close();
  asio::error_code ignored;
  server_.close(ignored);
  deadline_.cancel();
  pause_.cancel();
  unread_.cancel();
  owner_.on_closed(this, why);
}

}  // namespace lb::front
