// Connection: a stream to a server, with TLS in it or not, and HTTP/2 in that.
//
// The shell around TlsSession and Http2Session: moves bytes between them and
// the stream, arms their timer, hands on their events.
//
// Private to Http2Client. Loop thread only. Callbacks come on later turns; the
// owner may destroy the connection within any of them. A connection that is
// destroyed without an error says goodbye to the server.
#ifndef LB_HTTP_CONNECTION_H_
#define LB_HTTP_CONNECTION_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/http/client.h"
#include "lb/http/http2_session.h"
#include "lb/http/tls_session.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::http {

class Connection {
 public:
  struct Owner {
    // Each event, in order. Every request gets its EndEvent.
    absl::AnyInvocable<void(Http2Event event)> on_event;
    // The last call, behind all events: the connection is of no more use.
    absl::AnyInvocable<void()> on_over;
  };
  struct Setup {
    std::unique_ptr<io::Stream> stream;
    std::unique_ptr<TlsSession> tls;  // Null: HTTP/2 in clear text.
    Http2Options options;
    Http2Target target;
    // By then the server has to speak HTTP/2.
    absl::Time deadline;
  };

  // `loop` outlives it.
  Connection(io::Loop* loop, Setup setup, Owner owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // As Http2Session has them. A request may be sent before the server has
  // answered to anything.
  void Send(RequestId id, Request request);
  void Cancel(RequestId id);
  void Drain();
  bool takes_requests() const { return session_.takes_requests(); }

  // Ends it on a later turn: all its requests with `why`.
  void EndSoon(absl::Status why);

  net::Endpoint remote() const { return remote_; }

 private:
  void OnBytes(absl::Span<const uint8_t> bytes);
  void OnClosed(const absl::Status& reason);
  void OnTimer();
  // What follows from new state of the sessions: events, output, the timer. The
  // connection may be gone afterwards.
  void Settle();
  // False: the connection is gone.
  bool HandEventsOn();
  void Flush();
  void ArmTimer();
  bool is_set_up() const;
  bool MaySpeak() const { return tls_ == nullptr || tls_->established(); }

  io::Loop* const loop_;
  const std::unique_ptr<TlsSession> tls_;
  const net::Endpoint remote_;
  const absl::Time deadline_;
  Http2Session session_;
  Owner owner_;
  std::unique_ptr<io::Stream> stream_;
  absl::Status broken_;  // Not OK: the next turn ends the session with it.
  bool stream_ended_ = false;  // The server takes no bytes any more.
  std::unique_ptr<io::Timer> timer_;
  // Tells whether the owner has destroyed this within a callback.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace lb::http

#endif  // LB_HTTP_CONNECTION_H_
