// The error codes of HTTP/2 (RFC 9113, 7) as statuses and text.
//
// Pure. Private to lb/http.
#ifndef LB_HTTP_HTTP2_ERRORS_H_
#define LB_HTTP_HTTP2_ERRORS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lb::http {

// "PROTOCOL_ERROR", or "error 99".
std::string ErrorName(uint32_t error_code);

// Why a stream ended whose response is not whole. Unavailable: REFUSED_STREAM,
// the server has not begun with the request. Cancelled: CANCEL.
// ResourceExhausted: ENHANCE_YOUR_CALM. Internal: any other.
absl::Status StreamEnded(uint32_t error_code);

// "PROTOCOL_ERROR: too_many_pings" of a GOAWAY and its text, which is the
// sender's: what cannot be printed is escaped, and the rest cut.
std::string GoAwayText(uint32_t error_code, std::string_view text);

}  // namespace lb::http

#endif  // LB_HTTP_HTTP2_ERRORS_H_
