// CheckRequest and CheckAuthority: whether HTTP/2 can carry a request, before
// it is sent.
//
// Pure. Private to lb/http.
#ifndef LB_HTTP_REQUEST_CHECK_H_
#define LB_HTTP_REQUEST_CHECK_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "lb/http/client.h"
#include "lb/http/http2_options.h"

namespace lb::http {

// What a header costs besides its texts (RFC 9113, 10.5.1).
inline constexpr size_t kFieldOverhead = 32;

// InvalidArgument: the method, the path or a header has bytes that it may not
// have (RFC 9113, 8.2.1 and 8.3.1; a name in upper case, a line break, ...), or
// the header belongs to the connection (8.2.2) or to HTTP/2 itself.
// ResourceExhausted: the body or the headers are larger than `options` allow.
// The message has the header's name, but never its value: that may be a secret.
absl::Status CheckRequest(const Request& request, const Http2Options& options);

// InvalidArgument: it is no host with or without a port (RFC 3986, 3.2).
absl::Status CheckAuthority(std::string_view authority);

}  // namespace lb::http

#endif  // LB_HTTP_REQUEST_CHECK_H_
