// ServerSession: the server's end of one HTTP/2 connection, as bytes. For
// tests.
//
// The client's bytes go in, bytes for the client and requests come out. The
// test says what is answered, when, and in which pieces; also what no honest
// server would say.
//
//   ServerSession server({});
//   server.OnBytes(bytes);
//   for (const ServerRequest& request : server.TakeRequests()) {
//     server.Head(request.stream, 200, {{"content-type", "text/plain"}});
//     server.Body(request.stream, "hello");
//     server.End(request.stream);
//   }
//   Send(server.TakeOutput());
//
// A core: no socket, no clock, no thread. It trusts the test: nothing is
// bounded.
#ifndef LB_HTTP_TESTING_SERVER_SESSION_H_
#define LB_HTTP_TESTING_SERVER_SESSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/types/span.h"
#include "lb/http/client.h"
#include "lb/http/nghttp2_session.h"

namespace lb::http {

struct ServerRequest {
  int32_t stream = 0;
  std::string method;
  std::string scheme;
  std::string authority;
  std::string path;
  std::vector<Header> headers;
  std::string body;
};

struct ServerSessionOptions {
  uint32_t streams_max = 100;  // SETTINGS_MAX_CONCURRENT_STREAMS
  int32_t connection_window = 65535;
  uint32_t stream_window = 65535;  // SETTINGS_INITIAL_WINDOW_SIZE
};

class ServerSession final : private Nghttp2Observer {
 public:
  // Its first output is its SETTINGS.
  explicit ServerSession(const ServerSessionOptions& options);
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  void OnBytes(absl::Span<const uint8_t> bytes);

  // Requests that came whole since the last call.
  std::vector<ServerRequest> TakeRequests();
  // True until the response is whole, or the client has reset the stream.
  bool IsOpen(int32_t stream) const { return streams_.contains(stream); }
  // PINGs of the client so far; each is answered.
  int pings() const { return pings_; }
  // Streams that the client has reset so far.
  int resets() const { return resets_; }
  // False once the connection has ended.
  bool wants_bytes() const;

  // The response. Calls for a stream that is not open do nothing.
  void Informational(int32_t stream, int status);
  void Head(int32_t stream, int status, std::vector<Header> headers);
  void Body(int32_t stream, std::string_view bytes);
  void End(int32_t stream);
  void EndWithTrailers(int32_t stream, std::vector<Header> trailers);
  void Reset(int32_t stream, uint32_t error_code);

  // Announces the end (GOAWAY): streams above `last_stream` are not served.
  void GoAway(int32_t last_stream, uint32_t error_code, std::string_view text);
  // The number of the last stream that the client has opened.
  int32_t last_stream() const;
  void Ping();
  void ChangeStreamsMax(uint32_t streams_max);

  std::string TakeOutput();

 private:
  struct Stream {
    ServerRequest request;
    std::string body;  // The response's, not sent yet.
    bool is_ended = false;
    std::vector<Header> trailers;
  };

  Nghttp2Verdict OnHeaders(const nghttp2_frame& frame) override;
  Nghttp2Verdict OnHeader(const nghttp2_frame& frame, std::string_view name,
                          std::string_view value) override;
  void OnBody(int32_t stream, std::string_view bytes) override;
  void OnFrame(const nghttp2_frame& frame) override;
  void OnStreamEnd(int32_t stream, uint32_t error_code) override;
  BodyPiece ReadBody(int32_t stream, absl::Span<uint8_t> into) override;

  Stream* Find(int32_t stream);

  absl::btree_map<int32_t, Stream> streams_;
  std::vector<ServerRequest> requests_;
  int pings_ = 0;
  int resets_ = 0;
  Nghttp2Pointer session_;
};

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_SERVER_SESSION_H_
