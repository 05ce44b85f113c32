#include "lb/net/ethernet.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/net/byte_writer.h"

namespace lb::net {
namespace {

// The tag protocol identifiers of IEEE 802.1Q (customer and service tag), and
// the one that stacked tags had before the service tag was standardized.
constexpr uint16_t kTagCustomer = 0x8100;
constexpr uint16_t kTagService = 0x88a8;
constexpr uint16_t kTagStacked = 0x9100;

// IEEE 802.3: smaller values are the length of a frame without a type.
constexpr uint16_t kEtherTypeMin = 0x0600;

}  // namespace

MacAddress ReadMac(ByteReader& in) {
  MacAddress mac;
  const absl::Span<const uint8_t> bytes = in.Take(mac.bytes.size());
  std::copy(bytes.begin(), bytes.end(), mac.bytes.begin());
  return mac;
}

absl::StatusOr<EthernetFrame> ParseEthernet(absl::Span<const uint8_t> frame) {
  ByteReader in(frame);
  EthernetHeader header;
  header.destination = ReadMac(in);
  header.source = ReadMac(in);
  header.ether_type = in.Uint16();
  if (!in.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("ethernet: {} bytes, want at least {}", frame.size(),
                    kEthernetHeaderSize));
  }
  if (header.source.is_multicast()) {
    return absl::InvalidArgumentError(
        fmt::format("ethernet: source {} is a group, want one host",
                    header.source.ToString()));
  }
  if (header.ether_type == kTagCustomer || header.ether_type == kTagService ||
      header.ether_type == kTagStacked) {
    return absl::UnimplementedError(
        fmt::format("ethernet: VLAN tag {:#06x}, want an untagged frame",
                    header.ether_type));
  }
  if (header.ether_type < kEtherTypeMin) {
    return absl::InvalidArgumentError(
        fmt::format("ethernet: type {:#06x}, want {:#06x} or more",
                    header.ether_type, kEtherTypeMin));
  }
  return EthernetFrame{header, in.rest()};
}

std::vector<uint8_t> SerializeEthernet(const EthernetHeader& header,
                                       absl::Span<const uint8_t> payload) {
  ByteWriter out;
  out.Bytes(header.destination.bytes);
  out.Bytes(header.source.bytes);
  out.Uint16(header.ether_type);
  out.Bytes(payload);
  if (out.size() < kEthernetFrameSizeMin) {
    out.Zeros(kEthernetFrameSizeMin - out.size());
  }
  return std::move(out).Finish();
}

}  // namespace lb::net
