// NeighborPacket: an Ethernet frame by which hosts of a link find each other's
// hardware addresses: ARP (RFC 826) for IPv4, NDP (RFC 4861) for IPv6.
//
//   LB_ASSIGN_OR_RETURN(const NeighborPacket packet,
//                       ParseNeighborPacket(frame));
//   if (const auto* arp = std::get_if<ArpPacket>(&packet.message))
#ifndef LB_NET_NEIGHBOR_PACKET_H_
#define LB_NET_NEIGHBOR_PACKET_H_

#include <cstdint>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::net {

struct NeighborPacket {
  EthernetHeader header;
  // std::monostate: another protocol, or another type of ICMPv6.
  std::variant<std::monostate, ArpPacket, NdpPacket> message;
};

// Reads a whole frame. InvalidArgument: it breaks its RFC; the message names
// the field. Unimplemented: it has the tag of a VLAN.
absl::StatusOr<NeighborPacket> ParseNeighborPacket(
    absl::Span<const uint8_t> frame);

}  // namespace lb::net

#endif  // LB_NET_NEIGHBOR_PACKET_H_
