// Client: sends HTTP requests to one server, on one loop.
//
// What a program needs of HTTP, so that it can be tested without a network.
// Http2Client (http2_client.h) is the real one, also in a simulation.
//
//   class Printer final : public ResponseHandler {
//     void OnHead(int status, absl::Span<const Header>) override {
//       Print(status);
//     }
//     void OnBody(std::string_view bytes) override { Print(bytes); }
//     void OnEnd(const absl::Status& status) override { Print(status.ok()); }
//   };
//   client.Send({.path = "/api/v1/services?limit=500"},
//               std::make_unique<Printer>());
//
// A client repeats no request and has no deadline for one: a caller that waits
// only for so long has a timer of its own, and cancels. A response has no
// limit of size, as a watch may last for ever.
//
// Loop thread only.
#ifndef LB_HTTP_CLIENT_H_
#define LB_HTTP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/types/span.h"

namespace lb::http {

struct Header {
  std::string name;  // In lower case.
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method = "GET";
  std::string path;  // With the query: "/api/v1/services?limit=500".
  // Besides :authority, which the client adds, and content-length, which it
  // adds to a request with a body. `authorization` is the caller's.
  std::vector<Header> headers;
  std::string body;
};

// Gets the response to one request. It belongs to the client, which destroys it
// after OnEnd(), after Cancel(), or with itself.
class ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;

  // The first call of a response; at most once. Informational responses (1xx)
  // are left out.
  virtual void OnHead(int status, absl::Span<const Header> headers) = 0;

  // The next bytes of the body, as they come: a piece may end anywhere.
  virtual void OnBody(std::string_view bytes) = 0;

  // The last call, exactly once unless Cancel() or the end of the client comes
  // before.
  //
  // OK: the response is whole. Otherwise nothing is said about what the server
  // did with the request. The errors of the library's own clients:
  //   Unavailable        the connection could not be made (IsNeverConnected(),
  //                      unless it failed after TCP had it), or was lost, or
  //                      the server did not take the request
  //   ResourceExhausted  a bound: too many requests, a request or a head that
  //                      is too large, or the server says "calm down"
  //   Cancelled          the server ended the response with that code
  //   Internal           the response is malformed, or the server ended it with
  //                      any other code
  //   InvalidArgument    HTTP cannot carry the request: a bad path, a header's
  //                      name in upper case, ...
  virtual void OnEnd(const absl::Status& status) = 0;
};

// Passes everything on to another handler. For clients that see what another
// client's responses say.
class ForwardingHandler : public ResponseHandler {
 public:
  explicit ForwardingHandler(std::unique_ptr<ResponseHandler> handler)
      : handler_(std::move(handler)) {}

  void OnHead(int status, absl::Span<const Header> headers) override {
    handler_->OnHead(status, headers);
  }
  void OnBody(std::string_view bytes) override { handler_->OnBody(bytes); }
  void OnEnd(const absl::Status& status) override { handler_->OnEnd(status); }

 private:
  const std::unique_ptr<ResponseHandler> handler_;
};

// Marks the end of a request for which no connection could be made. The server
// has seen nothing of it, so a caller may try again soon without a burden to
// it.
inline absl::Status NeverConnected(absl::Status status) {
  status.SetPayload("lb.http/never-connected", absl::Cord());
  return status;
}
inline bool IsNeverConnected(const absl::Status& status) {
  return status.GetPayload("lb.http/never-connected").has_value();
}

// Never 0, and never used twice by one client.
using RequestId = uint64_t;

class Client {
 public:
  virtual ~Client() = default;

  // The handler is never called within Send() or Cancel(), only on a later turn
  // of the loop. Handlers may call both, and may destroy the client.
  virtual RequestId Send(Request request,
                         std::unique_ptr<ResponseHandler> handler) = 0;

  // No calls of its handler follow. Unknown ids, and those of requests that are
  // over, are ignored.
  virtual void Cancel(RequestId id) = 0;
};

}  // namespace lb::http

#endif  // LB_HTTP_CLIENT_H_
