// Puts the right checksum into a frame with an ICMPv6 message, because a fuzzer
// that changes bytes would hardly find it.
#ifndef TESTS_FUZZ_REPAIRED_NDP_H_
#define TESTS_FUZZ_REPAIRED_NDP_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "lb/net/checksum.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"

namespace lb::net {

// Returns any other frame unchanged.
inline std::vector<uint8_t> RepairedNdp(absl::Span<const uint8_t> frame) {
  constexpr size_t kIpv6 = kEthernetHeaderSize;
  constexpr size_t kMessage = kIpv6 + 40;
  std::vector<uint8_t> repaired(frame.begin(), frame.end());
  if (frame.size() < kMessage + 4) return repaired;
  const size_t length = frame[kIpv6 + 4] * size_t{256} + frame[kIpv6 + 5];
  if (length < 4 || length > frame.size() - kMessage) return repaired;
  const auto source = IpAddress::FromBytes(frame.subspan(kIpv6 + 8, 16));
  const auto destination = IpAddress::FromBytes(frame.subspan(kIpv6 + 24, 16));
  if (source->is_ipv4() || destination->is_ipv4()) return repaired;
  uint8_t* const checksum = repaired.data() + kMessage + 2;
  checksum[0] = checksum[1] = 0;
  const uint16_t sum =
      Icmpv6Checksum(*source, *destination,
                     absl::MakeConstSpan(repaired).subspan(kMessage, length));
  checksum[0] = static_cast<uint8_t>(sum >> 8);
  checksum[1] = static_cast<uint8_t>(sum);
  return repaired;
}

}  // namespace lb::net

#endif  // TESTS_FUZZ_REPAIRED_NDP_H_
