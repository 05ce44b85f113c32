#include "lb/net/ndp.h"

#include <fmt/format.h>

#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp_message.h"

namespace lb::net {
namespace {

constexpr uint8_t kTypeSolicitation = 135;   // RFC 4861 section 4.3
constexpr uint8_t kTypeAdvertisement = 136;  // RFC 4861 section 4.4
constexpr size_t kMessageSizeMin = 24;       // Both, without options.
constexpr uint32_t kFlagRouter = 0x80000000;
constexpr uint32_t kFlagSolicited = 0x40000000;
constexpr uint32_t kFlagOverride = 0x20000000;
// ff02::1:ff00:0/104, RFC 4291 section 2.7.1
constexpr absl::uint128 kSolicitedNode =
    absl::MakeUint128(0xff02000000000000, 0x00000001ff000000);

absl::StatusOr<NeighborSolicitation> ReadSolicitation(const NdpMessage& packet,
                                                      const IpAddress& target,
                                                      ByteReader& options) {
  LB_ASSIGN_OR_RETURN(const std::optional<MacAddress> source_mac,
                      ReadNdpOptions(options, kOptionSourceMac));
  // RFC 4861 section 7.1.1 has these rules for duplicate address detection.
  if (packet.source.is_unspecified()) {
    if (packet.destination != SolicitedNodeGroup(target)) {
      return NdpFault(
          fmt::format("probe for {} sent to {}, want its solicited-node group",
                      target.ToString(), packet.destination.ToString()));
    }
    if (source_mac) return NdpFault("probe with a source link-layer address");
  }
  return NeighborSolicitation{target, source_mac};
}

absl::StatusOr<NeighborAdvertisement> ReadAdvertisement(
    const NdpMessage& packet, uint32_t flags, const IpAddress& target,
    ByteReader& options) {
  LB_ASSIGN_OR_RETURN(const std::optional<MacAddress> target_mac,
                      ReadNdpOptions(options, kOptionTargetMac));
  const bool solicited = (flags & kFlagSolicited) != 0;
  if (solicited && packet.destination.is_multicast()) {
    return NdpFault("solicited advertisement sent to a group");
  }
  return NeighborAdvertisement{.target = target,
                               .router = (flags & kFlagRouter) != 0,
                               .solicited = solicited,
                               .override_cache = (flags & kFlagOverride) != 0,
                               .target_mac = target_mac};
}

// Writes zero for the checksum.
void WriteMessage(ByteWriter& out, const NeighborSolicitation& message) {
  out.Uint8(kTypeSolicitation);
  out.Zeros(3);
  out.Uint32(0);
  out.Bytes(message.target.ToBytes());
  WriteMacOption(out, kOptionSourceMac, message.source_mac);
}

void WriteMessage(ByteWriter& out, const NeighborAdvertisement& message) {
  out.Uint8(kTypeAdvertisement);
  out.Zeros(3);
  out.Uint32((message.router ? kFlagRouter : 0) |
             (message.solicited ? kFlagSolicited : 0) |
             (message.override_cache ? kFlagOverride : 0));
  out.Bytes(message.target.ToBytes());
  WriteMacOption(out, kOptionTargetMac, message.target_mac);
}

}  // namespace

IpAddress AllNodesGroup() {
  return IpAddress::Ipv6(absl::MakeUint128(0xff02000000000000, 1));
}

IpAddress SolicitedNodeGroup(const IpAddress& target) {
  LB_CHECK(target.is_ipv6());
  return IpAddress::Ipv6(kSolicitedNode | (target.number() & 0xffffff));
}

absl::StatusOr<NdpPacket> ParseNdp(absl::Span<const uint8_t> payload) {
  LB_ASSIGN_OR_RETURN(const NdpMessage message, ParseNdpMessage(payload));
  const uint8_t type = message.type();
  if (type != kTypeSolicitation && type != kTypeAdvertisement) {
    return absl::UnimplementedError(
        fmt::format("ndp: ICMPv6 type {}, want {} or {}", type,
                    kTypeSolicitation, kTypeAdvertisement));
  }
  LB_RETURN_IF_ERROR(CheckNdpMessage(message, kMessageSizeMin));
  ByteReader in(message.bytes);
  in.Uint32();  // Type, code and checksum.
  const uint32_t flags = in.Uint32();
  LB_ASSIGN_OR_RETURN(const IpAddress target, ReadNdpAddress(in, "target"));
  if (target.is_multicast()) {
    return NdpFault(
        fmt::format("target {} is a group, want one host", target.ToString()));
  }
  NdpPacket parsed{message.source, message.destination, {}};
  if (type == kTypeSolicitation) {
    LB_ASSIGN_OR_RETURN(parsed.message, ReadSolicitation(message, target, in));
  } else {
    LB_ASSIGN_OR_RETURN(parsed.message,
                        ReadAdvertisement(message, flags, target, in));
  }
  return parsed;
}

std::vector<uint8_t> SerializeNdp(const NdpPacket& packet) {
  ByteWriter body;
  std::visit([&](const auto& message) { WriteMessage(body, message); },
             packet.message);
  return SerializeNdpMessage(packet.source, packet.destination,
                             std::move(body).Finish());
}

std::vector<uint8_t> NdpFrame(const MacAddress& destination,
                              const MacAddress& source,
                              const NdpPacket& packet) {
  return SerializeEthernet({.destination = destination,
                            .source = source,
                            .ether_type = kEtherTypeIpv6},
                           SerializeNdp(packet));
}

}  // namespace lb::net
