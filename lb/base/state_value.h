// Values in the state folder that say what they are, and whether they are
// whole.
//
//   value = magic:4 version:u8 body sha256:32
//
// `sha256` is over all before it.
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

// The body, within `value`. DataLoss: cut short, damaged, of another kind or
// version.
absl::StatusOr<std::string_view> OpenStateValue(const StateFormat& format,
                                                std::string_view value);

}  // namespace lb

#endif  // LB_BASE_STATE_VALUE_H_
