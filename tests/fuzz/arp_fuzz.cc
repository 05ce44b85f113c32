// Any bytes as the payload of a frame of type ARP, behind a header of 14 bytes
// that is not read. A payload that parses serializes back to the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::net;
  if (size < kEthernetHeaderSize) return 0;
  const auto payload =
      absl::MakeConstSpan(bytes, size).subspan(kEthernetHeaderSize);
  const auto packet = ParseArp(payload);
  if (!packet.ok()) return 0;
  const std::vector<uint8_t> again = SerializeArp(*packet);
  LB_CHECK(std::equal(again.begin(), again.end(), payload.begin()));
  (void)Kind(*packet);
  return 0;
}
