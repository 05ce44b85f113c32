#include "lb/net/ndp_message.h"

#include <fmt/format.h>

#include <utility>

#include "lb/base/status_macros.h"
#include "lb/net/checksum.h"
#include "lb/net/ethernet.h"

namespace lb::net {
namespace {

constexpr size_t kIpv6HeaderSize = 40;  // RFC 8200 section 3
constexpr uint8_t kNextHeaderIcmpv6 = 58;
constexpr uint8_t kHopLimit = 255;  // RFC 4861 sections 6.1 and 7.1
constexpr size_t kOptionUnit = 8;   // Option lengths count in these.

}  // namespace

absl::Status NdpFault(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("ndp: {}", what));
}

absl::StatusOr<IpAddress> ReadNdpAddress(ByteReader& in,
                                         std::string_view field) {
  LB_ASSIGN_OR_RETURN(const IpAddress address,
                      IpAddress::FromBytes(in.Take(16)));
  if (address.is_ipv6()) return address;
  return NdpFault(fmt::format("{} ::ffff:{}, want an IPv6 address", field,
                              address.ToString()));
}

absl::StatusOr<NdpMessage> ParseNdpMessage(absl::Span<const uint8_t> payload) {
  if (payload.size() < kIpv6HeaderSize) {
    return NdpFault(fmt::format("{} bytes, want at least {}", payload.size(),
                                kIpv6HeaderSize));
  }
  ByteReader in(payload);
  const uint32_t version_and_flow = in.Uint32();
  const uint16_t size = in.Uint16();
  const uint8_t next_header = in.Uint8();
  const uint8_t hop_limit = in.Uint8();
  if (version_and_flow >> 28 != 6) {
    return NdpFault(
        fmt::format("IP version {}, want 6", version_and_flow >> 28));
  }
  // Fragments and extension headers are refused too: RFC 6980 forbids
  // fragments, and no implementation sends extension headers with these
  // messages.
  if (next_header != kNextHeaderIcmpv6) {
    return absl::UnimplementedError(fmt::format(
        "ndp: next header {}, want {}", next_header, kNextHeaderIcmpv6));
  }
  if (hop_limit != kHopLimit) {
    return NdpFault(fmt::format("hop limit {}, want {}", hop_limit, kHopLimit));
  }
  NdpMessage message;
  LB_ASSIGN_OR_RETURN(message.source, ReadNdpAddress(in, "source"));
  LB_ASSIGN_OR_RETURN(message.destination, ReadNdpAddress(in, "destination"));
  if (message.source.is_multicast()) {
    return NdpFault(fmt::format("source {} is a group, want one host",
                                message.source.ToString()));
  }
  if (size > in.rest().size()) {
    return NdpFault(fmt::format("payload length {}, want at most {}", size,
                                in.rest().size()));
  }
  message.bytes = in.Take(size);
  return message;
}

absl::Status CheckNdpMessage(const NdpMessage& message, size_t size_min) {
  if (message.bytes.size() < size_min) {
    return NdpFault(fmt::format("message of {} bytes, want at least {}",
                                message.bytes.size(), size_min));
  }
  if (Icmpv6Checksum(message.source, message.destination, message.bytes) != 0) {
    return NdpFault("checksum does not match");
  }
  const uint8_t code = message.bytes[1];
  if (code != 0) return NdpFault(fmt::format("code {}, want 0", code));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<MacAddress>> ReadNdpOptions(ByteReader& in,
                                                         uint8_t wanted) {
  std::optional<MacAddress> found;
  while (!in.rest().empty()) {
    const uint8_t type = in.Uint8();
    const size_t size = in.Uint8() * kOptionUnit;
    if (size == 0) return NdpFault("option of length 0, want at least 1");
    const absl::Span<const uint8_t> body = in.Take(size - 2);
    if (!in.ok()) {
      return NdpFault(
          fmt::format("option {} of {} bytes is cut short", type, size));
    }
    if (type != wanted || found) continue;
    if (size != kOptionUnit) {
      return NdpFault(
          fmt::format("link-layer address option of {} bytes, want 8", size));
    }
    ByteReader address(body);
    const MacAddress mac = ReadMac(address);
    if (mac.is_multicast()) {
      return NdpFault(
          fmt::format("link-layer address {} is a group", mac.ToString()));
    }
    found = mac;
  }
  return found;
}

void WriteMacOption(ByteWriter& out, uint8_t type,
                    const std::optional<MacAddress>& mac) {
  if (!mac) return;
  out.Uint8(type);
  out.Uint8(1);
  out.Bytes(mac->bytes);
}

std::vector<uint8_t> SerializeNdpMessage(const IpAddress& source,
                                         const IpAddress& destination,
                                         std::vector<uint8_t> bytes) {
  const uint16_t checksum = Icmpv6Checksum(source, destination, bytes);
  bytes[2] = static_cast<uint8_t>(checksum >> 8);
  bytes[3] = static_cast<uint8_t>(checksum);
  ByteWriter out;
  out.Uint32(6u << 28);  // Version; no traffic class, no flow label.
  out.Uint16(static_cast<uint16_t>(bytes.size()));
  out.Uint8(kNextHeaderIcmpv6);
  out.Uint8(kHopLimit);
  out.Bytes(source.ToBytes());
  out.Bytes(destination.ToBytes());
  out.Bytes(bytes);
  return std::move(out).Finish();
}

}  // namespace lb::net
