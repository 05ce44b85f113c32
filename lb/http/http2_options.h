// Http2Options: the bounds and times of an HTTP/2 client.
//
// Plain values, in use by Http2Session and Http2Client.
#ifndef LB_HTTP_HTTP2_OPTIONS_H_
#define LB_HTTP_HTTP2_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lb::http {

struct Http2Options {
  // Requests that are not over, open and waiting together, 1 to 10,000. One
  // more ends at once, with ResourceExhausted.
  size_t requests_max = 256;
  // Requests that are open at once on a connection, 1 to 10,000; fewer if the
  // server says so. The others wait for their turn.
  size_t streams_max = 100;

  // The body of a request, at most 32 MiB.
  size_t request_body_bytes_max = 1 << 20;
  // Its headers and path: names and values, and 32 bytes for each header
  // (RFC 9113, 10.5.1). nghttp2 sends up to 64 KiB.
  size_t request_header_bytes_max = 32 << 10;

  // The head of a response, counted in the same way. A request whose response
  // has more ends with ResourceExhausted. A head that is still longer on the
  // wire, in compressed form, ends the connection.
  size_t response_header_bytes_max = 64 << 10;
  size_t response_header_count_max = 128;

  // What the server may send before the handler has taken it: for one response
  // and for all together. 65,535 bytes to 1 GiB, and `stream_window` is not
  // above `connection_window`.
  int32_t stream_window = 1 << 20;
  int32_t connection_window = 4 << 20;

  // While requests are open and nothing has come from the server for
  // `ping_interval`, the client sends a ping. If nothing at all follows within
  // `ping_timeout`, the connection is lost. Any bytes of the server count, so a
  // large response is no reason to end. Each is at least 10 ms.
  absl::Duration ping_interval = absl::Seconds(15);
  absl::Duration ping_timeout = absl::Seconds(10);
};

// InvalidArgument names the first option that is out of range.
absl::Status Validate(const Http2Options& options);

}  // namespace lb::http

#endif  // LB_HTTP_HTTP2_OPTIONS_H_
