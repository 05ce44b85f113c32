// Any bytes as the received part of a stream, in either direction.
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/testing/round_trip.h"
#include "tests/fuzz/allocation_bound.h"
#include "tests/fuzz/gossip_codecs.h"

namespace lb::gossip::wire {
namespace {

// The decompressed stream, in a buffer that doubles, and 200 bytes for each of
// a full exchange's 1048576 nodes.
constexpr int64_t kAllocatedMax = 3 * kStreamSizeMax + (200 << 20);

void Decode(const Codec& codec, absl::Span<const uint8_t> bytes,
            Codec::Direction direction) {
  {
    const fuzz::AllocationBound bound(kAllocatedMax);
    (void)codec.DecodeStream(bytes, direction).ok();
  }
  RoundTrip(codec).Stream(bytes, direction);
}

}  // namespace
}  // namespace lb::gossip::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lb::gossip::wire;
  for (const Codec& codec : FuzzCodecs()) {
    for (const auto direction :
         {Codec::Direction::kRequest, Codec::Direction::kResponse}) {
      Decode(codec, {data, size}, direction);
    }
  }
  return 0;
}
