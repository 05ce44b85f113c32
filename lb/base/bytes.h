// AsBytes and AsText: the same bytes as numbers or as characters.
//
// Both are views: the bytes must outlive them. Nothing is copied.
//
//   Send(AsBytes("who has 192.0.2.1"));
//   const std::string_view text = AsText(bytes);
#ifndef LB_BASE_BYTES_H_
#define LB_BASE_BYTES_H_

#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace lb {

inline absl::Span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view AsText(absl::Span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace lb

#endif  // LB_BASE_BYTES_H_
