#include "lb/net/checksum.h"

#include <cstddef>

#include "lb/base/check.h"
#include "lb/net/byte_writer.h"

namespace lb::net {
namespace {

constexpr uint8_t kProtocolIcmpv6 = 58;  // RFC 4443 section 1

// The ones' complement sum of 16-bit words.
uint32_t Sum(absl::Span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

uint16_t Fold(uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace

uint16_t InternetChecksum(absl::Span<const uint8_t> bytes) {
  return Fold(Sum(bytes));
}

uint16_t Icmpv6Checksum(const IpAddress& source, const IpAddress& destination,
                        absl::Span<const uint8_t> message) {
  LB_CHECK(source.is_ipv6() && destination.is_ipv6());
  ByteWriter pseudo;
  pseudo.Bytes(source.ToMappedBytes());
  pseudo.Bytes(destination.ToMappedBytes());
  pseudo.Uint32(static_cast<uint32_t>(message.size()));
  pseudo.Uint32(kProtocolIcmpv6);
  return Fold(Sum(pseudo.bytes()) + Sum(message));
}

}  // namespace lb::net
