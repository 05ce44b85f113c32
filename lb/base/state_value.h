// The envelope of a value in the state folder: it says what the value is, and
// whether it is whole.
//
//   value = magic:4 version:u8 body sha256:32
//
// `sha256` covers all bytes before it.
#ifndef LB_BASE_STATE_VALUE_H_
#define LB_BASE_STATE_VALUE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lb/base/sha256.h"

namespace lb {

struct StateFormat {
  std::string_view magic;  // 4 characters.
  uint8_t version = 1;
  std::string_view what;  // For messages: "segment of a history".
};

// Seals a large value in parts.
class StateValueSealer {
 public:
  explicit StateValueSealer(const StateFormat& format);

  void Add(std::string_view bytes);  // To the body.
  std::string Finish() &&;

 private:
  std::string value_;
  Sha256 digest_;  // Covers value_.
};

std::string SealStateValue(const StateFormat& format, std::string_view body);

// Returns the body, as a part of `value`. DataLoss: `value` is cut short or
// damaged, or has another kind or version.
absl::StatusOr<std::string_view> OpenStateValue(const StateFormat& format,
                                                std::string_view value);

}  // namespace lb

#endif  // LB_BASE_STATE_VALUE_H_
