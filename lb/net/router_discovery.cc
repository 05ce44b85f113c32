#include "lb/net/router_discovery.h"

#include <fmt/format.h>

#include <utility>

#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp_message.h"

namespace lb::net {
namespace {

constexpr uint8_t kTypeSolicitation = 133;   // RFC 4861 section 4.1
constexpr uint8_t kTypeAdvertisement = 134;  // RFC 4861 section 4.2
constexpr size_t kSolicitationSizeMin = 8;   // Without options.
constexpr size_t kAdvertisementSizeMin = 16;
constexpr uint8_t kFlagManaged = 0x80;
constexpr uint8_t kFlagOther = 0x40;

absl::StatusOr<RouterSolicitation> ReadSolicitation(const NdpMessage& message) {
  LB_RETURN_IF_ERROR(CheckNdpMessage(message, kSolicitationSizeMin));
  ByteReader in(message.bytes);
  in.Take(kSolicitationSizeMin);
  LB_ASSIGN_OR_RETURN(const std::optional<MacAddress> source_mac,
                      ReadNdpOptions(in, kOptionSourceMac));
  if (message.source.is_unspecified() && source_mac) {
    return NdpFault("solicitation of :: with a source link-layer address");
  }
  return RouterSolicitation{source_mac};
}

absl::StatusOr<RouterAdvertisement> ReadAdvertisement(
    const NdpMessage& message) {
  LB_RETURN_IF_ERROR(CheckNdpMessage(message, kAdvertisementSizeMin));
  if (!message.source.is_link_local()) {
    return NdpFault(fmt::format("advertisement of {}, want a link-local source",
                                message.source.ToString()));
  }
  ByteReader in(message.bytes);
  in.Uint32();  // Type, code and checksum.
  RouterAdvertisement advertisement;
  advertisement.hop_limit = in.Uint8();
  const uint8_t flags = in.Uint8();
  advertisement.managed = (flags & kFlagManaged) != 0;
  advertisement.other_configuration = (flags & kFlagOther) != 0;
  advertisement.lifetime_seconds = in.Uint16();
  advertisement.reachable_ms = in.Uint32();
  advertisement.retransmit_ms = in.Uint32();
  LB_ASSIGN_OR_RETURN(advertisement.source_mac,
                      ReadNdpOptions(in, kOptionSourceMac));
  return advertisement;
}

// Writes zero for the checksum.
void WriteMessage(ByteWriter& out, const RouterSolicitation& message) {
  out.Uint8(kTypeSolicitation);
  out.Zeros(kSolicitationSizeMin - 1);
  WriteMacOption(out, kOptionSourceMac, message.source_mac);
}

void WriteMessage(ByteWriter& out, const RouterAdvertisement& message) {
  out.Uint8(kTypeAdvertisement);
  out.Zeros(3);
  out.Uint8(message.hop_limit);
  out.Uint8(
      static_cast<uint8_t>((message.managed ? kFlagManaged : 0) |
                           (message.other_configuration ? kFlagOther : 0)));
  out.Uint16(message.lifetime_seconds);
  out.Uint32(message.reachable_ms);
  out.Uint32(message.retransmit_ms);
  WriteMacOption(out, kOptionSourceMac, message.source_mac);
}

}  // namespace

IpAddress AllRoutersGroup() {
  return IpAddress::Ipv6(absl::MakeUint128(0xff02000000000000, 2));
}

absl::StatusOr<RouterPacket> ParseRouterPacket(
    absl::Span<const uint8_t> payload) {
  LB_ASSIGN_OR_RETURN(const NdpMessage message, ParseNdpMessage(payload));
  RouterPacket packet{message.source, message.destination, {}};
  switch (message.type()) {
    case kTypeSolicitation: {
      LB_ASSIGN_OR_RETURN(packet.message, ReadSolicitation(message));
      return packet;
    }
    case kTypeAdvertisement: {
      LB_ASSIGN_OR_RETURN(packet.message, ReadAdvertisement(message));
      return packet;
    }
    default:
      return absl::UnimplementedError(
          fmt::format("ndp: ICMPv6 type {}, want {} or {}", message.type(),
                      kTypeSolicitation, kTypeAdvertisement));
  }
}

std::vector<uint8_t> SerializeRouterPacket(const RouterPacket& packet) {
  ByteWriter body;
  std::visit([&](const auto& message) { WriteMessage(body, message); },
             packet.message);
  return SerializeNdpMessage(packet.source, packet.destination,
                             std::move(body).Finish());
}

std::vector<uint8_t> RouterFrame(const MacAddress& source,
                                 const RouterPacket& packet) {
  return SerializeEthernet({.destination = MulticastMac(packet.destination),
                            .source = source,
                            .ether_type = kEtherTypeIpv6},
                           SerializeRouterPacket(packet));
}

}  // namespace lb::net
