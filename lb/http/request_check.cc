#include "lb/http/request_check.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::http {
namespace {

constexpr size_t kEscapedMax = 80;

// What RFC 9113 (8.2.2) keeps out of HTTP/2; `host` would contradict
// :authority, which the client adds.
constexpr std::array<std::string_view, 6> kNotAllowed = {
    "connection",       "host",    "keep-alive",
    "proxy-connection", "upgrade", "transfer-encoding"};

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

std::string Escaped(std::string_view text) {
  return absl::CHexEscape(std::string(text.substr(0, kEscapedMax)));
}

absl::Status CheckHeader(const Header& header) {
  const std::string& name = header.name;
  const bool is_pseudo = !name.empty() && name[0] == ':';
  if (is_pseudo || nghttp2_check_header_name(Bytes(name), name.size()) == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "request: header \"{}\": want a name in lower case", Escaped(name)));
  }
  if (std::count(kNotAllowed.begin(), kNotAllowed.end(), name) > 0) {
    return absl::InvalidArgumentError(fmt::format(
        "request: header \"{}\": want none that belongs to the connection",
        name));
  }
  if (nghttp2_check_header_value_rfc9113(Bytes(header.value),
                                         header.value.size()) == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "request: header \"{}\": its value has a control character, or a space "
        "at an end, want none",
        name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const Request& request, const Http2Options& options) {
  const std::string& method = request.method;
  const std::string& path = request.path;
  if (method == "CONNECT" ||
      nghttp2_check_method(Bytes(method), method.size()) == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "request: method \"{}\": want a token, such as GET", Escaped(method)));
  }
  if (path.empty() || path[0] != '/' ||
      nghttp2_check_path(Bytes(path), path.size()) == 0) {
    return absl::InvalidArgumentError(
        fmt::format("request: path \"{}\": want \"/\" and characters of a URI",
                    Escaped(path)));
  }
  size_t header_bytes = path.size() + method.size();
  for (const Header& header : request.headers) {
    LB_RETURN_IF_ERROR(CheckHeader(header));
    header_bytes += header.name.size() + header.value.size() + kFieldOverhead;
  }
  if (header_bytes > options.request_header_bytes_max) {
    return absl::ResourceExhaustedError(
        fmt::format("request: headers of {} bytes, want at most {}",
                    header_bytes, options.request_header_bytes_max));
  }
  if (request.body.size() > options.request_body_bytes_max) {
    return absl::ResourceExhaustedError(
        fmt::format("request: a body of {} bytes, want at most {}",
                    request.body.size(), options.request_body_bytes_max));
  }
  return absl::OkStatus();
}

absl::Status CheckAuthority(std::string_view authority) {
  if (!authority.empty() &&
      nghttp2_check_authority(Bytes(authority), authority.size()) != 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("authority \"{}\": want a host, and a port if need be",
                  Escaped(authority)));
}

}  // namespace lb::http
