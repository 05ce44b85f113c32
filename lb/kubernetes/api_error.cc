#include "lb/kubernetes/api_error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_text.h"
#include "lb/kubernetes/cut_text.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

constexpr size_t kMessageBytesMax = 512;
constexpr size_t kReasonBytesMax = 64;
// A Status has a few values; its list of causes may be long.
constexpr JsonBounds kStatusBounds = {.nodes_max = 10'000};

std::optional<int64_t> ToNumber(std::string_view text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<absl::Duration> ToWait(std::string_view seconds) {
  const std::optional<int64_t> number = ToNumber(seconds);
  if (!number || *number < 0) return std::nullopt;
  return absl::Seconds(*number);
}

bool HasCause(const YamlNode& status, std::string_view reason) {
  const YamlNode* causes = NodeAt(status, "details.causes");
  if (causes == nullptr) return false;
  for (const YamlNode& cause : causes->children) {
    if (TextAt(cause, "reason") == reason) return true;
  }
  return false;
}

ErrorKind KindOf(int code, std::string_view reason, bool is_too_large) {
  if (reason == "Expired" || reason == "Gone") return ErrorKind::kExpired;
  if (is_too_large) return ErrorKind::kVersionTooLarge;
  switch (code) {
    case 401:
      return ErrorKind::kUnauthorized;
    case 403:
      return ErrorKind::kForbidden;
    case 404:
      return ErrorKind::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? ErrorKind::kExists
                                       : ErrorKind::kConflict;
    case 410:
      return ErrorKind::kExpired;
    case 408:  // A proxy's, or an old server's: it took too long.
    case 429:
    case 503:
      return ErrorKind::kOverloaded;
    default:
      return code >= 400 && code < 500 ? ErrorKind::kBadRequest
                                       : ErrorKind::kServer;
  }
}

// Takes what a Status says over into `error`.
void BoundWish(ApiError* error) {
  if (error->code < 500 || !error->retry_after) return;
  error->retry_after = std::min(*error->retry_after, kServerWishMax);
}

void AddStatus(const YamlNode& status, ApiError* error) {
  error->reason = CutText(TextAt(status, "reason"), kReasonBytesMax);
  error->message = CutText(TextAt(status, "message"), kMessageBytesMax);
  if (!error->retry_after) {
    error->retry_after = ToWait(TextAt(status, "details.retryAfterSeconds"));
  }
  BoundWish(error);
  error->kind = KindOf(error->code, error->reason,
                       HasCause(status, "ResourceVersionTooLarge"));
}

}  // namespace

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadRequest:
      return "BadRequest";
    case ErrorKind::kUnauthorized:
      return "Unauthorized";
    case ErrorKind::kForbidden:
      return "Forbidden";
    case ErrorKind::kNotFound:
      return "NotFound";
    case ErrorKind::kConflict:
      return "Conflict";
    case ErrorKind::kExists:
      return "AlreadyExists";
    case ErrorKind::kExpired:
      return "Expired";
    case ErrorKind::kVersionTooLarge:
      return "ResourceVersionTooLarge";
    case ErrorKind::kOverloaded:
      return "Overloaded";
    case ErrorKind::kServer:
      return "ServerError";
    case ErrorKind::kLost:
      return "ConnectionLost";
  }
  LB_UNREACHABLE();
}

std::string ApiError::ToString() const {
  const std::string_view word =
      reason.empty() ? kubernetes::ToString(kind) : std::string_view(reason);
  std::string text =
      code == 0 ? std::string(word) : fmt::format("{} {}", code, word);
  if (!message.empty()) text += fmt::format(": {}", message);
  return text;
}

ApiError ReadApiError(int code, absl::Span<const http::Header> headers,
                      std::string_view body) {
  ApiError error;
  error.code = code;
  error.kind = KindOf(code, "", /*is_too_large=*/false);
  for (const http::Header& header : headers) {
    // The other form, a date, is not used by API servers.
    if (header.name == "retry-after") error.retry_after = ToWait(header.value);
  }
  BoundWish(&error);
  const absl::StatusOr<YamlNode> status = ReadJson(body, kStatusBounds);
  if (status.ok()) AddStatus(*status, &error);
  return error;
}

ApiError ReadErrorEvent(const YamlNode& status) {
  ApiError error;
  const std::optional<int64_t> code = ToNumber(TextAt(status, "code"));
  error.code =
      code && *code >= 100 && *code < 600 ? static_cast<int>(*code) : 500;
  AddStatus(status, &error);
  return error;
}

ApiError LostConnection(const absl::Status& status) {
  ApiError error;
  error.kind = ErrorKind::kLost;
  error.never_connected = http::IsNeverConnected(status);
  error.message =
      CutText(fmt::format("{}", status.message()), kMessageBytesMax);
  return error;
}

}  // namespace lb::kubernetes
