// The texts of statuses: fmt prints absl::string_view, as Status::message()
// returns it, and Prefixed() says where a status comes from.
//
//   const absl::Status status = absl::DataLossError("cut short");
//   Print(fmt::format("state-dir: {}", status.message()));
//   return Prefixed("ledger.0", status);  // "ledger.0: cut short: ..."
#ifndef LB_BASE_STATUS_TEXT_H_
#define LB_BASE_STATUS_TEXT_H_

#include <string_view>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"

// An Abseil that is built for C++17 has no string_view of its own.
#ifndef ABSL_USES_STD_STRING_VIEW
template <>
struct fmt::formatter<absl::string_view> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(absl::string_view text, Context& context) const {
    return fmt::formatter<std::string_view>::format(
        std::string_view(text.data(), text.size()), context);
  }
};
#endif

namespace lb {

// Returns the same code, with `place` in front of the message.
inline absl::Status Prefixed(std::string_view place,
                             const absl::Status& status) {
  return {status.code(), fmt::format("{}: {}", place, status.message())};
}

}  // namespace lb

#endif  // LB_BASE_STATUS_TEXT_H_
