#include "lb/net/ethernet.h"

#include <fmt/format.h>

#include <algorithm>

#include "lb/net/byte_writer.h"

namespace lb::net {
namespace {

// Stacked tags used this type before the service tag was standardized. Linux
// does not treat it as a tag, so such a frame belongs to no interface.
constexpr uint16_t kTagStacked = 0x9100;

// IEEE 802.3: smaller values are the length of a frame without a type.
constexpr uint16_t kEtherTypeMin = 0x0600;

// Reads the type, and priority tags before it. Returns the first VLAN that a
// tag names, or 0.
uint16_t ReadType(ByteReader& in, uint16_t& ether_type) {
  uint16_t vlan = 0;
  ether_type = in.Uint16();
  while (in.ok() && vlan == 0 &&
         (ether_type == kTagCustomer || ether_type == kTagService)) {
    vlan = in.Uint16() & kTagVlanMask;
    if (vlan == 0) ether_type = in.Uint16();
  }
  return vlan;
}

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
  const uint16_t vlan = ReadType(in, header.ether_type);
  if (!in.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("ethernet: {} bytes, want a header of at least {}",
                    frame.size(), kEthernetHeaderSize));
  }
  if (header.source.is_multicast()) {
    return absl::InvalidArgumentError(
        fmt::format("ethernet: source {} is a group, want one host",
                    header.source.ToString()));
  }
  if (vlan != 0 || header.ether_type == kTagStacked) {
    return absl::UnimplementedError(
        fmt::format("ethernet: VLAN tag {:#06x}, VLAN {}, want no tag or an "
                    "802.1Q one with VLAN 0",
                    header.ether_type, vlan));
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
