// CRC-32 as in IEEE 802.3 (reflected polynomial 0xedb88320), which memberlist
// puts before a packet.
#ifndef LB_GOSSIP_WIRE_CRC32_H_
#define LB_GOSSIP_WIRE_CRC32_H_

#include <array>
#include <cstdint>

#include "absl/types/span.h"

namespace lb::gossip::wire {

inline constexpr std::array<uint32_t, 256> kCrc32Table = [] {
  std::array<uint32_t, 256> table = {};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    table[byte] = crc;
  }
  return table;
}();

constexpr uint32_t Crc32(absl::Span<const uint8_t> bytes) {
  uint32_t crc = 0xffffffffu;
  for (const uint8_t byte : bytes) {
    crc = crc >> 8 ^ kCrc32Table[(crc ^ byte) & 0xff];
  }
  return ~crc;
}

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_CRC32_H_
