#include "lb/http/http2_client.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/http/connection.h"
#include "lb/http/request_check.h"
#include "lb/http/server_dialer.h"
#include "lb/http/tls_session.h"

namespace lb::http {
namespace {

constexpr absl::Duration kConnectTimeoutMin = absl::Milliseconds(10);

Http2ClientOptions WithDefaults(Http2ClientOptions options) {
  options.credentials = {};
  if (options.server_name.empty()) options.server_name = options.server.host;
  if (options.authority.empty()) options.authority = options.server.ToString();
  return options;
}

absl::Status Validate(const Http2ClientOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options.http2));
  LB_RETURN_IF_ERROR(CheckAuthority(WithDefaults(options).authority));
  if (options.server.host.empty() || options.server.port == 0) {
    return absl::InvalidArgumentError(
        fmt::format("http client: server \"{}\": want a host and a port",
                    options.server.ToString()));
  }
  if (options.connect_timeout < kConnectTimeoutMin) {
    return absl::InvalidArgumentError(
        fmt::format("http client: connect_timeout: {}, want {} or more",
                    absl::FormatDuration(options.connect_timeout),
                    absl::FormatDuration(kConnectTimeoutMin)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Http2Client>> Http2Client::Make(
    const Ports& ports, const Http2ClientOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options));
  std::shared_ptr<const TlsContext> context;
  if (options.security == Security::kTls) {
    LB_ASSIGN_OR_RETURN(context, TlsContext::MakeClient(options.credentials));
    // A name that TLS does not take is found now, not with each connection.
    LB_RETURN_IF_ERROR(TlsSession::Client(context,
                                          WithDefaults(options).server_name,
                                          ports.loop->CivilNow())
                           .status());
  }
  return std::unique_ptr<Http2Client>(
      new Http2Client(ports, options, std::move(context)));
}

Http2Client::Http2Client(const Ports& ports, const Http2ClientOptions& options,
                         std::shared_ptr<const TlsContext> context)
    : ports_(ports),
      options_(WithDefaults(options)),
      context_(std::move(context)),
      dialer_(std::make_unique<ServerDialer>(ports, options.server)) {}

Http2Client::~Http2Client() = default;

RequestId Http2Client::Send(Request request,
                            std::unique_ptr<ResponseHandler> handler) {
  const RequestId id = ++last_id_;
  absl::Status refusal = CheckRequest(request, options_.http2);
  if (refusal.ok() && handlers_.size() >= options_.http2.requests_max) {
    refusal = absl::ResourceExhaustedError(
        fmt::format("{} requests are open, want at most that",
                    options_.http2.requests_max));
  }
  handlers_[id] = std::move(handler);
  if (!refusal.ok()) {
    EndSoon(id, std::move(refusal));
    return id;
  }
  if (current_ != nullptr && !current_->takes_requests()) RetireCurrent();
  if (current_ != nullptr) {
    current_->Send(id, std::move(request));
    return id;
  }
  waiting_.push_back({id, std::move(request)});
  if (!dialer_->dialing()) Dial();
  return id;
}

void Http2Client::Cancel(RequestId id) {
  const auto found = handlers_.find(id);
  if (found == handlers_.end()) return;
  const std::shared_ptr<ResponseHandler> handler = std::move(found->second);
  handlers_.erase(found);
  std::erase_if(waiting_, [&](const Waiting& w) { return w.id == id; });
  if (current_ != nullptr) current_->Cancel(id);
  for (const auto& connection : draining_) connection->Cancel(id);
}

absl::Status Http2Client::SetCredentials(const TlsCredentials& credentials) {
  if (context_ == nullptr) {
    return absl::FailedPreconditionError(
        "http client: credentials are for TLS, this one speaks clear text");
  }
  LB_ASSIGN_OR_RETURN(context_, TlsContext::MakeClient(credentials));
  if (current_ != nullptr) RetireCurrent();
  return absl::OkStatus();
}

void Http2Client::Dial() {
  const absl::Time deadline = ports_.loop->Now() + options_.connect_timeout;
  dialer_->Dial(
      deadline,
      [this, deadline](absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
        OnDialed(deadline, std::move(stream));
      });
}

void Http2Client::OnDialed(absl::Time deadline,
                           absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
  if (waiting_.empty()) return;  // All were cancelled.
  if (!stream.ok()) return EndWaiting(NeverConnected(stream.status()));
  const absl::Status connected = Connect(deadline, *std::move(stream));
  if (!connected.ok()) return EndWaiting(connected);
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    current_->Send(waiting.id, std::move(waiting.request));
  }
}

absl::Status Http2Client::Connect(absl::Time deadline,
                                  std::unique_ptr<io::Stream> stream) {
  LB_CHECK(current_ == nullptr);
  std::unique_ptr<TlsSession> tls;
  if (context_ != nullptr) {
    LB_ASSIGN_OR_RETURN(tls, TlsSession::Client(context_, options_.server_name,
                                                ports_.loop->CivilNow()));
  }
  ++connections_made_;
  const std::string_view scheme = context_ == nullptr ? "http" : "https";
  Connection::Setup setup = {
      .stream = std::move(stream),
      .tls = std::move(tls),
      .options = options_.http2,
      .target = {std::string(scheme), options_.authority},
      .deadline = deadline};
  // The connection is known once it is made; it calls on later turns only.
  const auto self = std::make_shared<const Connection*>(nullptr);
  current_ = std::make_unique<Connection>(
      ports_.loop, std::move(setup),
      Connection::Owner{
          .on_event = [this](Http2Event event) { OnEvent(std::move(event)); },
          .on_over = [this, self] { OnOver(*self); }});
  *self = current_.get();
  return absl::OkStatus();
}

void Http2Client::OnEvent(Http2Event event) {
  if (const auto* const end = std::get_if<EndEvent>(&event)) {
    return EndRequest(end->id, end->status);
  }
  const auto* const head = std::get_if<HeadEvent>(&event);
  const auto* const body = std::get_if<BodyEvent>(&event);
  const auto found = handlers_.find(head != nullptr ? head->id : body->id);
  if (found == handlers_.end()) return;  // It was cancelled.
  const std::shared_ptr<ResponseHandler> handler = found->second;
  if (head != nullptr) {
    handler->OnHead(head->status, head->headers);
  } else {
    handler->OnBody(body->bytes);
  }
}

void Http2Client::EndRequest(RequestId id, const absl::Status& status) {
  const auto found = handlers_.find(id);
  if (found == handlers_.end()) return;
  const std::shared_ptr<ResponseHandler> handler = std::move(found->second);
  handlers_.erase(found);
  if (status.ok()) return handler->OnEnd(status);
  absl::Status named = Prefixed(options_.server.ToString(), status);
  if (IsNeverConnected(status)) named = NeverConnected(std::move(named));
  handler->OnEnd(named);
}

void Http2Client::OnOver(const Connection* connection) {
  dialer_->Avoid(connection->remote().address);
  if (current_.get() == connection) {
    current_ = nullptr;
    return;
  }
  std::erase_if(draining_,
                [&](const auto& one) { return one.get() == connection; });
}

void Http2Client::RetireCurrent() {
  current_->Drain();
  draining_.push_back(std::move(current_));
  if (draining_.size() > kDrainingMax) {
    draining_[draining_.size() - kDrainingMax - 1]->EndSoon(
        absl::UnavailableError("too many connections are about to end"));
  }
}

void Http2Client::EndSoon(RequestId id, absl::Status status) {
  ports_.loop->Post([this, id, status = std::move(status),
                     alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) EndRequest(id, status);
  });
}

void Http2Client::EndWaiting(const absl::Status& why) {
  const std::weak_ptr<const bool> alive = alive_;
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    EndRequest(waiting.id, why);
    if (alive.expired()) return;
  }
}

}  // namespace lb::http
