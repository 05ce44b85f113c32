#include "lb/net/arp.h"

#include <fmt/format.h>

#include <string_view>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"
#include "lb/net/ethernet.h"

namespace lb::net {
namespace {

// RFC 826, "Packet format", with the numbers of Ethernet and IPv4.
constexpr uint16_t kHardwareEthernet = 1;
constexpr uint16_t kProtocolIpv4 = 0x0800;
constexpr uint8_t kHardwareSize = 6;
constexpr uint8_t kProtocolSize = 4;

absl::Status CheckField(std::string_view field, unsigned value, unsigned want) {
  if (value == want) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("arp: {} {:#x}, want {:#x}", field, value, want));
}

absl::Status CheckEthernetIpv4(ByteReader& in) {
  LB_RETURN_IF_ERROR(
      CheckField("hardware type", in.Uint16(), kHardwareEthernet));
  LB_RETURN_IF_ERROR(CheckField("protocol type", in.Uint16(), kProtocolIpv4));
  LB_RETURN_IF_ERROR(CheckField("hardware size", in.Uint8(), kHardwareSize));
  return CheckField("protocol size", in.Uint8(), kProtocolSize);
}

}  // namespace

ArpKind Kind(const ArpPacket& packet) {
  const bool about_sender = packet.sender_ip == packet.target_ip;
  if (packet.operation == ArpOperation::kReply) {
    return about_sender ? ArpKind::kGratuitousReply : ArpKind::kReply;
  }
  if (packet.sender_ip.is_unspecified()) return ArpKind::kProbe;
  return about_sender ? ArpKind::kGratuitousRequest : ArpKind::kRequest;
}

absl::StatusOr<ArpPacket> ParseArp(absl::Span<const uint8_t> payload) {
  if (payload.size() < kArpSize) {
    return absl::InvalidArgumentError(
        fmt::format("arp: {} bytes, want {}", payload.size(), kArpSize));
  }
  ByteReader in(payload);
  LB_RETURN_IF_ERROR(CheckEthernetIpv4(in));
  const uint16_t operation = in.Uint16();
  if (operation != static_cast<uint16_t>(ArpOperation::kRequest) &&
      operation != static_cast<uint16_t>(ArpOperation::kReply)) {
    return absl::InvalidArgumentError(fmt::format(
        "arp: operation {}, want 1 (request) or 2 (reply)", operation));
  }
  ArpPacket packet;
  packet.operation = static_cast<ArpOperation>(operation);
  packet.sender_mac = ReadMac(in);
  packet.sender_ip = IpAddress::Ipv4(in.Uint32());
  packet.target_mac = ReadMac(in);
  packet.target_ip = IpAddress::Ipv4(in.Uint32());
  LB_CHECK(in.ok());
  // An answer to such a sender would go to a whole group of hosts.
  if (packet.sender_mac.is_multicast()) {
    return absl::InvalidArgumentError(
        fmt::format("arp: sender {} is a group, want one host",
                    packet.sender_mac.ToString()));
  }
  return packet;
}

std::vector<uint8_t> SerializeArp(const ArpPacket& packet) {
  LB_CHECK(packet.sender_ip.is_ipv4() && packet.target_ip.is_ipv4());
  ByteWriter out;
  out.Uint16(kHardwareEthernet);
  out.Uint16(kProtocolIpv4);
  out.Uint8(kHardwareSize);
  out.Uint8(kProtocolSize);
  out.Uint16(static_cast<uint16_t>(packet.operation));
  out.Bytes(packet.sender_mac.bytes);
  out.Bytes(packet.sender_ip.ToBytes());
  out.Bytes(packet.target_mac.bytes);
  out.Bytes(packet.target_ip.ToBytes());
  return std::move(out).Finish();
}

std::vector<uint8_t> ArpFrame(const MacAddress& destination,
                              const ArpPacket& packet) {
  return SerializeEthernet({.destination = destination,
                            .source = packet.sender_mac,
                            .ether_type = kEtherTypeArp},
                           SerializeArp(packet));
}

}  // namespace lb::net
