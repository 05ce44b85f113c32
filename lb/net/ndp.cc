#include "lb/net/ndp.h"

#include <fmt/format.h>

#include <string_view>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/net/checksum.h"
#include "lb/net/ethernet.h"

namespace lb::net {
namespace {

constexpr size_t kIpv6HeaderSize = 40;  // RFC 8200 section 3
constexpr uint8_t kNextHeaderIcmpv6 = 58;
constexpr uint8_t kHopLimit = 255;           // RFC 4861 section 7.1
constexpr uint8_t kTypeSolicitation = 135;   // RFC 4861 section 4.3
constexpr uint8_t kTypeAdvertisement = 136;  // RFC 4861 section 4.4
constexpr size_t kMessageSizeMin = 24;       // Both, without options.
constexpr uint8_t kOptionSourceMac = 1;      // RFC 4861 section 4.6.1
constexpr uint8_t kOptionTargetMac = 2;
constexpr size_t kOptionUnit = 8;  // Option lengths count in these.
constexpr uint32_t kFlagRouter = 0x80000000;
constexpr uint32_t kFlagSolicited = 0x40000000;
constexpr uint32_t kFlagOverride = 0x20000000;
// ff02::1:ff00:0/104, RFC 4291 section 2.7.1
constexpr absl::uint128 kSolicitedNode =
    absl::MakeUint128(0xff02000000000000, 0x00000001ff000000);

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("ndp: {}", what));
}

// No host on a link has a mapped IPv4 address, and it would compare as IPv4.
absl::StatusOr<IpAddress> ReadAddress(ByteReader& in, std::string_view field) {
  LB_ASSIGN_OR_RETURN(const IpAddress address,
                      IpAddress::FromBytes(in.Take(16)));
  if (address.is_ipv6()) return address;
  return Wrong(fmt::format("{} ::ffff:{}, want an IPv6 address", field,
                           address.ToString()));
}

struct Ipv6Packet {
  IpAddress source;
  IpAddress destination;
  absl::Span<const uint8_t> message;
};

absl::StatusOr<Ipv6Packet> ParseIpv6(absl::Span<const uint8_t> payload) {
  if (payload.size() < kIpv6HeaderSize) {
    return Wrong(fmt::format("{} bytes, want at least {}", payload.size(),
                             kIpv6HeaderSize));
  }
  ByteReader in(payload);
  const uint32_t version_and_flow = in.Uint32();
  const uint16_t size = in.Uint16();
  const uint8_t next_header = in.Uint8();
  const uint8_t hop_limit = in.Uint8();
  if (version_and_flow >> 28 != 6) {
    return Wrong(fmt::format("IP version {}, want 6", version_and_flow >> 28));
  }
  // Fragments and extension headers are refused too: RFC 6980 forbids
  // fragments, and no implementation sends extension headers with these
  // messages.
  if (next_header != kNextHeaderIcmpv6) {
    return absl::UnimplementedError(fmt::format(
        "ndp: next header {}, want {}", next_header, kNextHeaderIcmpv6));
  }
  if (hop_limit != kHopLimit) {
    return Wrong(fmt::format("hop limit {}, want {}", hop_limit, kHopLimit));
  }
  Ipv6Packet packet;
  LB_ASSIGN_OR_RETURN(packet.source, ReadAddress(in, "source"));
  LB_ASSIGN_OR_RETURN(packet.destination, ReadAddress(in, "destination"));
  if (packet.source.is_multicast()) {
    return Wrong(fmt::format("source {} is a group, want one host",
                             packet.source.ToString()));
  }
  if (size > in.rest().size()) {
    return Wrong(fmt::format("payload length {}, want at most {}", size,
                             in.rest().size()));
  }
  packet.message = in.Take(size);
  return packet;
}

// Reads the options to the end. Returns the link-layer address of the first
// option of type `wanted`.
absl::StatusOr<std::optional<MacAddress>> ReadOptions(ByteReader& in,
                                                      uint8_t wanted) {
  std::optional<MacAddress> found;
  while (!in.rest().empty()) {
    const uint8_t type = in.Uint8();
    const size_t size = in.Uint8() * kOptionUnit;
    if (size == 0) return Wrong("option of length 0, want at least 1");
    const absl::Span<const uint8_t> body = in.Take(size - 2);
    if (!in.ok()) {
      return Wrong(
          fmt::format("option {} of {} bytes is cut short", type, size));
    }
    if (type != wanted || found) continue;
    if (size != kOptionUnit) {
      return Wrong(
          fmt::format("link-layer address option of {} bytes, want 8", size));
    }
    ByteReader address(body);
    const MacAddress mac = ReadMac(address);
    if (mac.is_multicast()) {
      return Wrong(
          fmt::format("link-layer address {} is a group", mac.ToString()));
    }
    found = mac;
  }
  return found;
}

absl::StatusOr<NeighborSolicitation> ReadSolicitation(const Ipv6Packet& packet,
                                                      const IpAddress& target,
                                                      ByteReader& options) {
  LB_ASSIGN_OR_RETURN(const std::optional<MacAddress> source_mac,
                      ReadOptions(options, kOptionSourceMac));
  // RFC 4861 section 7.1.1 has these rules for duplicate address detection.
  if (packet.source.is_unspecified()) {
    if (packet.destination != SolicitedNodeGroup(target)) {
      return Wrong(
          fmt::format("probe for {} sent to {}, want its solicited-node group",
                      target.ToString(), packet.destination.ToString()));
    }
    if (source_mac) return Wrong("probe with a source link-layer address");
  }
  return NeighborSolicitation{target, source_mac};
}

absl::StatusOr<NeighborAdvertisement> ReadAdvertisement(
    const Ipv6Packet& packet, uint32_t flags, const IpAddress& target,
    ByteReader& options) {
  LB_ASSIGN_OR_RETURN(const std::optional<MacAddress> target_mac,
                      ReadOptions(options, kOptionTargetMac));
  const bool solicited = (flags & kFlagSolicited) != 0;
  if (solicited && packet.destination.is_multicast()) {
    return Wrong("solicited advertisement sent to a group");
  }
  return NeighborAdvertisement{.target = target,
                               .router = (flags & kFlagRouter) != 0,
                               .solicited = solicited,
                               .override_cache = (flags & kFlagOverride) != 0,
                               .target_mac = target_mac};
}

void WriteOption(ByteWriter& out, uint8_t type,
                 const std::optional<MacAddress>& mac) {
  if (!mac) return;
  out.Uint8(type);
  out.Uint8(1);
  out.Bytes(mac->bytes);
}

// Writes zero for the checksum.
void WriteMessage(ByteWriter& out, const NeighborSolicitation& message) {
  out.Uint8(kTypeSolicitation);
  out.Zeros(3);
  out.Uint32(0);
  out.Bytes(message.target.ToBytes());
  WriteOption(out, kOptionSourceMac, message.source_mac);
}

void WriteMessage(ByteWriter& out, const NeighborAdvertisement& message) {
  out.Uint8(kTypeAdvertisement);
  out.Zeros(3);
  out.Uint32((message.router ? kFlagRouter : 0) |
             (message.solicited ? kFlagSolicited : 0) |
             (message.override_cache ? kFlagOverride : 0));
  out.Bytes(message.target.ToBytes());
  WriteOption(out, kOptionTargetMac, message.target_mac);
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
  LB_ASSIGN_OR_RETURN(const Ipv6Packet packet, ParseIpv6(payload));
  ByteReader in(packet.message);
  const uint8_t type = in.Uint8();
  const uint8_t code = in.Uint8();
  in.Uint16();  // The checksum is taken over the whole message.
  const uint32_t flags = in.Uint32();
  if (packet.message.empty() ||
      (type != kTypeSolicitation && type != kTypeAdvertisement)) {
    return absl::UnimplementedError(
        fmt::format("ndp: ICMPv6 type {}, want {} or {}", type,
                    kTypeSolicitation, kTypeAdvertisement));
  }
  if (packet.message.size() < kMessageSizeMin) {
    return Wrong(fmt::format("message of {} bytes, want at least {}",
                             packet.message.size(), kMessageSizeMin));
  }
  if (Icmpv6Checksum(packet.source, packet.destination, packet.message) != 0) {
    return Wrong("checksum does not match");
  }
  if (code != 0) return Wrong(fmt::format("code {}, want 0", code));
  LB_ASSIGN_OR_RETURN(const IpAddress target, ReadAddress(in, "target"));
  if (target.is_multicast()) {
    return Wrong(
        fmt::format("target {} is a group, want one host", target.ToString()));
  }
  NdpPacket parsed{packet.source, packet.destination, {}};
  if (type == kTypeSolicitation) {
    LB_ASSIGN_OR_RETURN(parsed.message, ReadSolicitation(packet, target, in));
  } else {
    LB_ASSIGN_OR_RETURN(parsed.message,
                        ReadAdvertisement(packet, flags, target, in));
  }
  return parsed;
}

std::vector<uint8_t> SerializeNdp(const NdpPacket& packet) {
  ByteWriter body;
  std::visit([&](const auto& message) { WriteMessage(body, message); },
             packet.message);
  std::vector<uint8_t> message = std::move(body).Finish();
  const uint16_t checksum =
      Icmpv6Checksum(packet.source, packet.destination, message);
  message[2] = static_cast<uint8_t>(checksum >> 8);
  message[3] = static_cast<uint8_t>(checksum);

  ByteWriter out;
  out.Uint32(6u << 28);  // Version; no traffic class, no flow label.
  out.Uint16(static_cast<uint16_t>(message.size()));
  out.Uint8(kNextHeaderIcmpv6);
  out.Uint8(kHopLimit);
  out.Bytes(packet.source.ToBytes());
  out.Bytes(packet.destination.ToBytes());
  out.Bytes(message);
  return std::move(out).Finish();
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
