// Any bytes as the payload of a frame of type IPv6, behind a header of 14 bytes
// that is not read. A payload that parses serializes to bytes that parse to the
// same packet.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"
#include "tests/fuzz/repaired_ndp.h"

namespace {

void RoundTrip(absl::Span<const uint8_t> frame) {
  const auto packet =
      lb::net::ParseNdp(frame.subspan(lb::net::kEthernetHeaderSize));
  if (!packet.ok()) return;
  const std::vector<uint8_t> bytes = lb::net::SerializeNdp(*packet);
  const auto again = lb::net::ParseNdp(bytes);
  LB_CHECK(again.ok() && *again == *packet);
  LB_CHECK(lb::net::SerializeNdp(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < lb::net::kEthernetHeaderSize) return 0;
  RoundTrip({bytes, size});
  RoundTrip(lb::net::RepairedNdp({bytes, size}));
  return 0;
}
