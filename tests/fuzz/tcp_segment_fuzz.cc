// Any bytes as a frame with a TCP segment: what parses lies in the frame, and
// once it has the signature of a key it is signed with that, and by no other.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/bgp/signature/tcp_segment.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::bgp;
  const absl::Span<const uint8_t> frame(bytes, size);
  auto segment = ParseTcpSegment(frame);
  if (!segment.ok()) return 0;
  LB_CHECK(segment->bytes.data() >= frame.data());
  LB_CHECK(segment->bytes.data() + segment->bytes.size() <=
           frame.data() + frame.size());
  LB_CHECK(segment->bytes.size() >= 20);
  segment->signature = SignatureOf(*segment, "the key");
  LB_CHECK(IsSignedWith(*segment, "the key"));
  LB_CHECK(!IsSignedWith(*segment, "the kex"));
  return 0;
}
