#include "lb/http/http2_options.h"

#include <string_view>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::http {
namespace {

constexpr uint64_t kRequestsMax = 10'000;
constexpr uint64_t kBodyBytesMax = 32 << 20;
constexpr uint64_t kHeaderBytesMax = 1 << 20;
// What nghttp2 sends (NGHTTP2_MAX_HEADERSLEN), less the pseudo-headers.
constexpr uint64_t kSentHeaderBytesMax = 63 << 10;
constexpr uint64_t kWindowMin = 65'535;  // RFC 9113, 6.9.2.
constexpr uint64_t kWindowMax = 1 << 30;
constexpr absl::Duration kTimeMin = absl::Milliseconds(10);

absl::Status CheckNumber(std::string_view option, uint64_t value, uint64_t min,
                         uint64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("http2: {}: {}, want {} to {}", option, value, min, max));
}

absl::Status CheckTime(std::string_view option, absl::Duration value) {
  if (value >= kTimeMin) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("http2: {}: {}, want {} or more", option,
                  absl::FormatDuration(value), absl::FormatDuration(kTimeMin)));
}

}  // namespace

absl::Status Validate(const Http2Options& options) {
  const auto window = static_cast<uint64_t>(options.connection_window);
  LB_RETURN_IF_ERROR(
      CheckNumber("requests_max", options.requests_max, 1, kRequestsMax));
  LB_RETURN_IF_ERROR(
      CheckNumber("streams_max", options.streams_max, 1, kRequestsMax));
  LB_RETURN_IF_ERROR(CheckNumber("request_body_bytes_max",
                                 options.request_body_bytes_max, 0,
                                 kBodyBytesMax));
  LB_RETURN_IF_ERROR(CheckNumber("request_header_bytes_max",
                                 options.request_header_bytes_max, 1,
                                 kSentHeaderBytesMax));
  LB_RETURN_IF_ERROR(CheckNumber("response_header_bytes_max",
                                 options.response_header_bytes_max, 1,
                                 kHeaderBytesMax));
  LB_RETURN_IF_ERROR(CheckNumber("response_header_count_max",
                                 options.response_header_count_max, 1,
                                 kRequestsMax));
  LB_RETURN_IF_ERROR(
      CheckNumber("connection_window", window, kWindowMin, kWindowMax));
  LB_RETURN_IF_ERROR(CheckNumber("stream_window",
                                 static_cast<uint64_t>(options.stream_window),
                                 kWindowMin, window));
  LB_RETURN_IF_ERROR(CheckTime("ping_interval", options.ping_interval));
  return CheckTime("ping_timeout", options.ping_timeout);
}

}  // namespace lb::http
