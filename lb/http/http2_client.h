// Http2Client: a Client that speaks HTTP/2 over TLS (RFC 9113), by lb/io.
//
//   LB_ASSIGN_OR_RETURN(const auto server,
//                       net::ParseHostPort("api.example", 6443));
//   LB_ASSIGN_OR_RETURN(
//       auto https, Http2Client::Make(Ports::From(environment),
//                                     {.server = server,
//                                      .credentials = {.ca_pem = ca}}));
//   https->Send({.path = "/version"}, std::make_unique<Printer>());
//
// One connection carries all requests. It is made when a request needs it, and
// is not made again by itself: when it is lost, every open request ends with
// Unavailable, and the next Send() dials. A caller that tries again waits in
// between, as the client itself does not. A connection that the server is about
// to end (GOAWAY) keeps its open requests, while new ones get a new connection.
//
// While requests are open, a server that is silent is pinged
// (Http2Options::ping_interval), so a cut cable is noticed.
//
// Loop thread only; no thread of its own. In the simulation lb/io/sim it runs
// as on a real loop. TLS draws random numbers by itself, so the bytes of two
// runs with one seed differ; in clear text they do not.
#ifndef LB_HTTP_HTTP2_CLIENT_H_
#define LB_HTTP_HTTP2_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/http/client.h"
#include "lb/http/http2_options.h"
#include "lb/http/http2_session.h"
#include "lb/http/ports.h"
#include "lb/http/tls_context.h"
#include "lb/io/stream_transport.h"
#include "lb/net/host_port.h"

namespace lb::http {

class Connection;
class ServerDialer;

enum class Security {
  kTls,
  // HTTP/2 in clear text with prior knowledge (RFC 9113, 3.3). For tests.
  kClearText,
};

struct Http2ClientOptions {
  net::HostPort server;
  // The name that the server's certificate must have: a DNS name or an address.
  // Empty: the host of `server`.
  std::string server_name;
  // What requests say as :authority. Empty: `server` as text.
  std::string authority;
  Security security = Security::kTls;
  TlsCredentials credentials;
  // From the first request on, until the server speaks HTTP/2: looking its name
  // up, connecting, the TLS handshake. At least 10 ms.
  absl::Duration connect_timeout = absl::Seconds(10);
  Http2Options http2;
};

class Http2Client final : public Client {
 public:
  // Connections that still have requests although new ones go elsewhere. With
  // one more, the oldest ends, and its requests with Unavailable.
  static constexpr size_t kDrainingMax = 4;

  // Opens nothing yet. InvalidArgument: an option is out of range, the server
  // has no port, or the credentials are faulty (TlsContext::MakeClient()).
  static absl::StatusOr<std::unique_ptr<Http2Client>> Make(
      const Ports& ports, const Http2ClientOptions& options);

  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;
  // Ends all connections; handlers are destroyed without a call.
  ~Http2Client() override;

  RequestId Send(Request request,
                 std::unique_ptr<ResponseHandler> handler) override;
  void Cancel(RequestId id) override;

  // Takes these for the next connection, which the next request needs. Open
  // requests go on, on the connection that they have. InvalidArgument: they
  // are faulty, and the old ones stay. FailedPrecondition: this client speaks
  // clear text.
  absl::Status SetCredentials(const TlsCredentials& credentials);

  // Requests that are not over.
  size_t open_requests() const { return handlers_.size(); }
  // Connections that were made so far, for statistics and tests.
  uint64_t connections_made() const { return connections_made_; }

 private:
  struct Waiting {
    RequestId id = 0;
    Request request;
  };

  Http2Client(const Ports& ports, const Http2ClientOptions& options,
              std::shared_ptr<const TlsContext> context);

  void Dial();
  void OnDialed(absl::Time deadline,
                absl::StatusOr<std::unique_ptr<io::Stream>> stream);
  absl::Status Connect(absl::Time deadline, std::unique_ptr<io::Stream> stream);
  void OnEvent(Http2Event event);
  void OnOver(const Connection* connection);
  void RetireCurrent();
  // Ends the request. Its handler may destroy the client.
  void EndRequest(RequestId id, const absl::Status& status);
  void EndSoon(RequestId id, absl::Status status);
  // Ends all requests that wait for a connection.
  void EndWaiting(const absl::Status& why);

  const Ports ports_;
  const Http2ClientOptions options_;           // Without credentials.
  std::shared_ptr<const TlsContext> context_;  // Null: clear text.
  RequestId last_id_ = 0;
  uint64_t connections_made_ = 0;
  // Shared: a handler lives on while it runs, though it cancels itself.
  absl::btree_map<RequestId, std::shared_ptr<ResponseHandler>> handlers_;
  std::deque<Waiting> waiting_;  // For a connection.
  const std::unique_ptr<ServerDialer> dialer_;
  std::unique_ptr<Connection> current_;
  std::vector<std::unique_ptr<Connection>> draining_;
  // For callbacks that may come after our end.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace lb::http

#endif  // LB_HTTP_HTTP2_CLIENT_H_
