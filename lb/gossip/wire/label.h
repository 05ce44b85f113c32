// The label header, which keeps clusters on one network apart:
//   f4 | size u8 (1..255) | label
//
// In front of everything else, in the clear.
#ifndef LB_GOSSIP_WIRE_LABEL_H_
#define LB_GOSSIP_WIRE_LABEL_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

inline constexpr size_t kLabelSizeMax = 255;

// Nothing if `label` is empty. REQUIRES: at most kLabelSizeMax bytes.
Bytes LabelHeader(std::string_view label);

// Both point into the bytes that were split.
struct Labelled {
  std::string_view label;  // Empty: no header.
  absl::Span<const uint8_t> rest;
};

// Unavailable: cut short. InvalidArgument: a header with an empty label.
absl::StatusOr<Labelled> SplitLabel(absl::Span<const uint8_t> bytes);

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_LABEL_H_
