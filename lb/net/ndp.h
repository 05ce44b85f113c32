// Neighbour solicitations and advertisements of IPv6 (RFC 4861, 4.3 and 4.4).
//
// This is only the codec: lb/announce decides which packets to answer. A packet
// here is the whole IPv6 packet, as an Ethernet frame carries it. Parsing makes
// every check that RFC 4861 7.1.1 and 7.1.2 demand (hop limit 255, so that it
// came from this link; checksum; lengths; options), so a parsed packet is
// valid. Options other than the link-layer addresses are skipped.
//
//   LB_ASSIGN_OR_RETURN(const NdpPacket packet, ParseNdp(frame.payload));
//   if (const auto* asked = std::get_if<NeighborSolicitation>(&packet.message))
#ifndef LB_NET_NDP_H_
#define LB_NET_NDP_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::net {

struct NeighborSolicitation {
  IpAddress target;
  std::optional<MacAddress> source_mac;  // Source link-layer address option.

  friend bool operator==(const NeighborSolicitation&,
                         const NeighborSolicitation&) = default;
};

struct NeighborAdvertisement {
  IpAddress target;
  bool router = false;                   // R
  bool solicited = false;                // S
  bool override_cache = false;           // O
  std::optional<MacAddress> target_mac;  // Target link-layer address option.

  friend bool operator==(const NeighborAdvertisement&,
                         const NeighborAdvertisement&) = default;
};

struct NdpPacket {
  IpAddress source;  // "::" in duplicate address detection.
  IpAddress destination;
  std::variant<NeighborSolicitation, NeighborAdvertisement> message;

  friend bool operator==(const NdpPacket&, const NdpPacket&) = default;
};

// ff02::1, all nodes of the link.
IpAddress AllNodesGroup();

// ff02::1:ffXX:XXXX with the target's last three bytes: RFC 4291 2.7.1.
// REQUIRES: target.is_ipv6().
IpAddress SolicitedNodeGroup(const IpAddress& target);

// Reads the payload of an Ethernet frame; padding behind the packet is ignored.
// InvalidArgument names the field that breaks RFC 4861. Unimplemented: another
// protocol, or another type of ICMPv6.
absl::StatusOr<NdpPacket> ParseNdp(absl::Span<const uint8_t> payload);

// The IPv6 packet. REQUIRES: all addresses are IPv6.
std::vector<uint8_t> SerializeNdp(const NdpPacket& packet);

// The whole frame.
std::vector<uint8_t> NdpFrame(const MacAddress& destination,
                              const MacAddress& source,
                              const NdpPacket& packet);

}  // namespace lb::net

#endif  // LB_NET_NDP_H_
