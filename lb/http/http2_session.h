// Http2Session: the client's end of one HTTP/2 connection (RFC 9113), as bytes.
//
// The server's bytes go in, bytes for the server and events of requests come
// out. Frames, streams, windows and header compression are nghttp2's; this
// class has the requests, their bounds, the pings and the end.
//
//   Http2Session session({}, {.scheme = "https", .authority = "api:443"}, now);
//   session.Send(now, /*id=*/1, {.path = "/version"});
//   Send(session.TakeOutput());
//   session.OnBytes(now, bytes);
//   for (const Http2Event& event : session.TakeEvents()) Use(event);
//
// A core: no socket, no clock, no thread. After any call there may be output,
// events and another deadline.
//
// A server can cost it at most: for each open request the bounds of a head in
// Http2Options, the windows in bodies that were not taken, HPACK's table of
// 4 KiB; 4,000 frames that carry nothing at once, and 1,000 a second
// (FrameBudget); 16 informational responses for each request. What passes that
// ends the request or the connection. Server push is refused, trailers are
// ignored.
#ifndef LB_HTTP_HTTP2_SESSION_H_
#define LB_HTTP_HTTP2_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/http/client.h"
#include "lb/http/frame_budget.h"
#include "lb/http/http2_options.h"
#include "lb/http/liveness.h"
#include "lb/http/nghttp2_session.h"

namespace lb::http {

// What happened to a request, in order: a head, any number of pieces of the
// body, the end. The end alone is certain to come.
struct HeadEvent {
  RequestId id = 0;
  int status = 0;
  std::vector<Header> headers;
};
struct BodyEvent {
  RequestId id = 0;
  std::string bytes;
};
struct EndEvent {
  RequestId id = 0;
  absl::Status status;  // As ResponseHandler::OnEnd() has it.
};
using Http2Event = std::variant<HeadEvent, BodyEvent, EndEvent>;

// What is the same in all requests of a connection.
struct Http2Target {
  std::string scheme;     // "https", or "http" without TLS.
  std::string authority;  // "api.example:6443"
};

class Http2Session final : private Nghttp2Observer {
 public:
  // Informational responses (1xx) that one request may get.
  static constexpr int kInformationalMax = 16;

  // Its first output is the client's preface. REQUIRES: Validate(options).
  Http2Session(const Http2Options& options, Http2Target target, absl::Time now);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;
  ~Http2Session() override = default;

  // Sends a request, or lets it wait until the server allows one more. One that
  // cannot be sent ends at once, by an event. REQUIRES: `id` is new.
  void Send(absl::Time now, RequestId id, Request request);
  // No events of it follow, but for those that are there already. Unknown ids
  // are ignored.
  void Cancel(RequestId id);

  // The server's next bytes, which may end anywhere. None: it has sent
  // something that means nothing yet, such as a part of a TLS record.
  void OnBytes(absl::Time now, absl::Span<const uint8_t> bytes);
  // So many bytes of a BodyEvent are done with, so that the server may send as
  // many more. Due for each BodyEvent, also of a request that is over: the
  // window of the connection is shared by all.
  void Consume(RequestId id, size_t bytes);

  // When to call OnTimer(); InfiniteFuture: there is nothing to wait for.
  absl::Time NextDeadline() const;
  void OnTimer(absl::Time now);

  // Takes no more requests, and ends after the last one.
  void Drain();
  // Ends it: every request with `why`, and the server is told (GOAWAY).
  void End(const absl::Status& why);

  std::string TakeOutput();
  std::vector<Http2Event> TakeEvents();
  bool has_events() const { return !events_.empty(); }

  // True once the server's first SETTINGS came, so it speaks HTTP/2.
  bool is_ready() const { return is_ready_; }
  // False if it drains: by Drain(), by the server's GOAWAY, or since no stream
  // is left. False too once it is over.
  bool takes_requests() const { return status_.ok() && going_away_.empty(); }
  // Not OK: it is over, because of that. What was given out counts; no more
  // bytes are taken.
  const absl::Status& status() const { return status_; }

 private:
  struct Exchange {
    RequestId id = 0;
    std::string body;  // The request's.
    size_t body_sent = 0;
    int informational = 0;
    bool has_head = false;
    HeadEvent head;  // Until it is whole.
  };
  struct Waiting {
    RequestId id = 0;
    Request request;
  };
  // The header block under way.
  struct Block {
    size_t wire_bytes = 0;
    size_t bytes = 0;
    size_t count = 0;
  };

  // The methods of Nghttp2Observer.
  Nghttp2Verdict OnFrameHeader(const nghttp2_frame_hd& header) override;
  Nghttp2Verdict OnHeaders(const nghttp2_frame& frame) override;
  Nghttp2Verdict OnHeader(const nghttp2_frame& frame, std::string_view name,
                          std::string_view value) override;
  void OnBody(int32_t stream, std::string_view bytes) override;
  void OnFrame(const nghttp2_frame& frame) override;
  void OnStreamEnd(int32_t stream, uint32_t error_code) override;
  void OnFrameSent(const nghttp2_frame& frame) override;
  BodyPiece ReadBody(int32_t stream, absl::Span<uint8_t> into) override;

  Exchange* Find(int32_t stream);
  bool IsFree(const nghttp2_frame_hd& header);
  void OnHeadersEnd(int32_t stream, Exchange& exchange);
  void OnGoAway(const nghttp2_goaway& goaway);
  // The request is over, its stream may not be.
  void EndExchange(int32_t stream, const absl::Status& status);
  void EndRequests(const absl::Status& why);
  void Submit(Waiting waiting);
  void Pump();
  std::string ReasonOfEnd() const;

  const Http2Options options_;
  const Http2Target target_;
  absl::Time now_;  // As the last call had it.
  FrameBudget frames_;
  Liveness liveness_;
  std::deque<Waiting> waiting_;
  absl::btree_map<int32_t, Exchange> exchanges_;  // By stream.
  absl::btree_map<RequestId, int32_t> streams_;
  Block block_;
  std::vector<Http2Event> events_;
  std::string output_;
  std::string greeting_;  // The server's first bytes.
  bool is_ready_ = false;
  std::string going_away_;  // Why it drains; empty: it does not.
  std::string broken_;      // What the server did wrong; empty: nothing.
  absl::Status status_;
  Nghttp2Pointer session_;  // Destroyed first: it calls the observer.
};

}  // namespace lb::http

#endif  // LB_HTTP_HTTP2_SESSION_H_
