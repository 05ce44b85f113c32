// Router solicitations and advertisements of IPv6 (RFC 4861, 4.1 and 4.2).
//
// This is only the codec: lb/bgp/unnumbered decides what to send and whom to
// believe. A packet here is the whole IPv6 packet, as an Ethernet frame carries
// it. Parsing makes every check that RFC 4861 6.1.1 and 6.1.2 demand (hop limit
// 255, so that it came from this link; checksum; lengths; options; an
// advertisement's source is link-local), so a parsed packet is valid. Options
// other than the source's link-layer address are skipped.
//
//   LB_ASSIGN_OR_RETURN(const RouterPacket packet,
//                       ParseRouterPacket(frame.payload));
//   if (const auto* heard = std::get_if<RouterAdvertisement>(&packet.message))
#ifndef LB_NET_ROUTER_DISCOVERY_H_
#define LB_NET_ROUTER_DISCOVERY_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::net {

struct RouterSolicitation {
  std::optional<MacAddress> source_mac;  // Source link-layer address option.

  friend bool operator==(const RouterSolicitation&,
                         const RouterSolicitation&) = default;
};

// What it says is for hosts that take it for their router. 0 of a number means
// that it says nothing of it, but for the lifetime.
struct RouterAdvertisement {
  uint8_t hop_limit = 0;             // For the packets of hosts.
  bool managed = false;              // M: addresses by DHCPv6.
  bool other_configuration = false;  // O: other things by DHCPv6.
  // For so long it is a default router; 0: it is none.
  uint16_t lifetime_seconds = 0;
  uint32_t reachable_ms = 0;
  uint32_t retransmit_ms = 0;
  std::optional<MacAddress> source_mac;  // Source link-layer address option.

  friend bool operator==(const RouterAdvertisement&,
                         const RouterAdvertisement&) = default;
};

struct RouterPacket {
  IpAddress source;  // "::" in solicitations of a host without an address.
  IpAddress destination;
  std::variant<RouterSolicitation, RouterAdvertisement> message;

  friend bool operator==(const RouterPacket&, const RouterPacket&) = default;
};

// ff02::2, all routers of the link.
IpAddress AllRoutersGroup();

// Reads the payload of an Ethernet frame; padding behind the packet is ignored.
// InvalidArgument names the field that breaks RFC 4861. Unimplemented: another
// protocol, or another type of ICMPv6.
absl::StatusOr<RouterPacket> ParseRouterPacket(
    absl::Span<const uint8_t> payload);

// The IPv6 packet. REQUIRES: all addresses are IPv6.
std::vector<uint8_t> SerializeRouterPacket(const RouterPacket& packet);

// The whole frame, to the group that the packet is for. REQUIRES: the
// destination is an IPv6 group.
std::vector<uint8_t> RouterFrame(const MacAddress& source,
                                 const RouterPacket& packet);

}  // namespace lb::net

#endif  // LB_NET_ROUTER_DISCOVERY_H_
