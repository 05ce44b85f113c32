#include "lb/io/stream_transport.h"

#include <string>

#include "absl/strings/cord.h"

namespace lb::io {
namespace {

constexpr char kRefused[] = "lb.io/refused";

}  // namespace

absl::Status RefusedError(std::string_view message) {
  absl::Status status = absl::UnavailableError(std::string(message));
  status.SetPayload(kRefused, absl::Cord());
  return status;
}

bool IsRefused(const absl::Status& status) {
  return status.GetPayload(kRefused).has_value();
}

}  // namespace lb::io
