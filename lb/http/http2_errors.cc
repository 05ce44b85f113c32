#include "lb/http/http2_errors.h"

#include <nghttp2/nghttp2.h>

#include "absl/strings/escaping.h"
#include "fmt/format.h"

namespace lb::http {
namespace {

constexpr size_t kTextShown = 100;

}  // namespace

std::string ErrorName(uint32_t error_code) {
  const std::string name = nghttp2_http2_strerror(error_code);
  return name == "unknown" ? fmt::format("error {}", error_code) : name;
}

absl::Status StreamEnded(uint32_t error_code) {
  switch (error_code) {
    case NGHTTP2_NO_ERROR:
      return absl::InternalError("the server ended the response early");
    case NGHTTP2_REFUSED_STREAM:
      return absl::UnavailableError(
          "the server did not take the request (REFUSED_STREAM)");
    case NGHTTP2_CANCEL:
      return absl::CancelledError("the server ended the response (CANCEL)");
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return absl::ResourceExhaustedError(
          "the server refuses more requests (ENHANCE_YOUR_CALM)");
    default:
      return absl::InternalError(
          fmt::format("the response ended with {}", ErrorName(error_code)));
  }
}

std::string GoAwayText(uint32_t error_code, std::string_view text) {
  const std::string name = ErrorName(error_code);
  if (text.empty()) return name;
  return fmt::format("{}: {}", name,
                     absl::CHexEscape(std::string(text.substr(0, kTextShown))));
}

}  // namespace lb::http
