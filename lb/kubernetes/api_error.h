// ApiError: why the API server did not do what was asked.
//
// A refusal is an HTTP status code and a body of kind Status
// (meta/v1: code, reason, message, details). A proxy in front of the server
// answers without such a body; then the code alone counts. Within a watch the
// same Status comes as an event of type ERROR.
//
// Pure functions, any thread.
#ifndef LB_KUBERNETES_API_ERROR_H_
#define LB_KUBERNETES_API_ERROR_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"

namespace lb::kubernetes {

// What a caller does about an error.
enum class ErrorKind {
  kBadRequest,       // 400, 405, 406, 413, 415, 422: never right as it is.
  kUnauthorized,     // 401: the credentials are not known, or not yet.
  kForbidden,        // 403: no right, or the rights are not loaded yet.
  kNotFound,         // 404: no such object, or no such resource (yet).
  kConflict,         // 409: the object was changed by another writer.
  kExists,           // 409 AlreadyExists: there is an object of this name.
  kExpired,          // 410: this resourceVersion or continue token is too old.
  kVersionTooLarge,  // 504 with that cause: the server has not seen it yet.
  kOverloaded,       // 429, 503: later, after the Retry-After.
  kServer,           // Other 5xx.
  kLost,             // No answer: the connection was lost or not made.
};

// "Forbidden".
std::string_view ToString(ErrorKind kind);

inline constexpr absl::Duration kServerWishMax = absl::Seconds(1);

struct ApiError {
  ErrorKind kind = ErrorKind::kServer;
  int code = 0;         // 0: no answer.
  std::string reason;   // The server's CamelCase word; may be empty.
  std::string message;  // Printable, 512 bytes at most.
  // What the server asks for; of a 5xx kServerWishMax at most. A server that
  // begins says 5 s for a second's work, and the back-off grows without it.
  std::optional<absl::Duration> retry_after;
  bool never_connected = false;  // kLost: http::IsNeverConnected().

  // "403 Forbidden: services is forbidden: ...".
  std::string ToString() const;
};

// An answer whose status code is 300 or more.
ApiError ReadApiError(int code, absl::Span<const http::Header> headers,
                      std::string_view body);

// The object of an ERROR event.
ApiError ReadErrorEvent(const config::YamlNode& status);

// The end of a response whose status is not OK.
ApiError LostConnection(const absl::Status& status);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_API_ERROR_H_
