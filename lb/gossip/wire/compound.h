// Several messages in one packet:
//   07 | count u8 | count * size u16 | parts
#ifndef LB_GOSSIP_WIRE_COMPOUND_H_
#define LB_GOSSIP_WIRE_COMPOUND_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

inline constexpr size_t kCompoundPartsMax = 255;
inline constexpr size_t kCompoundPartSizeMax = 65535;

// REQUIRES: both limits are kept, and there is a part.
Bytes MakeCompound(absl::Span<const Bytes> parts);

// The parts point into the body that was split.
struct Compound {
  std::vector<absl::Span<const uint8_t>> parts;
  int missing = 0;  // Announced, but not wholly there.
};

// Splits what follows the type byte. A packet cut short keeps the parts before
// the cut. InvalidArgument: the sizes themselves are cut short, or no parts.
absl::StatusOr<Compound> SplitCompound(absl::Span<const uint8_t> body);

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_COMPOUND_H_
