// Client: sends HTTP requests and streams their responses.
//
// An interface: a library that speaks to an HTTP server takes a Client and is
// the same over HTTP/2 with TLS and over a simulated server. A client keeps its
// connection by itself: it connects when there is a request, and again after
// the connection was lost.
//
// A response is a head, then parts of its body in order, then one end. So a
// body may be endless (a watch of Kubernetes), and a large one needs no buffer
// here.
//
// Loop thread only. The client outlives its users, or they cancel their
// requests first.
#ifndef LB_HTTP_CLIENT_H_
#define LB_HTTP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace lb::http {

// The name is in lower case, as HTTP/2 has it (RFC 9113, section 8.2.1).
struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string path;  // With the query: "/api/v1/nodes?limit=500".
  std::vector<Header> headers;
  std::string body;
};

// What becomes of one request. Either OnHead() comes, then OnBody() any number
// of times, then OnEnd(); or OnEnd() comes alone, with an error.
class ResponseHandler {
 public:
  virtual ~ResponseHandler() = default;

  virtual void OnHead(int status, absl::Span<const Header> headers) = 0;

  // The next bytes of the body. The client cuts them where it likes.
  virtual void OnBody(std::string_view bytes) = 0;

  // The last call. OK: the response is complete, whatever its status code is.
  // Unavailable: the connection was lost or could not be made, so the server
  // may have done what was asked, or not.
  virtual void OnEnd(const absl::Status& status) = 0;
};

// Names one request of one client for ever.
using RequestId = uint64_t;

class Client {
 public:
  virtual ~Client() = default;

  // Never calls the handler within Send() or Cancel(): its calls come on later
  // turns of the loop. The handler may send and cancel requests.
  virtual RequestId Send(Request request,
                         std::unique_ptr<ResponseHandler> handler) = 0;

  // No calls of the request's handler follow. No effect if it has ended.
  virtual void Cancel(RequestId id) = 0;
};

}  // namespace lb::http

#endif  // LB_HTTP_CLIENT_H_
