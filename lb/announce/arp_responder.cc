#include "lb/announce/arp_responder.h"

namespace lb::announce {
namespace {

// The packet names its sender. Any host can send a frame with this node's MAC
// as its source, so the source counts only where the packet names no sender.
bool IsOwn(const net::MacAddress& own_mac, const net::EthernetHeader& header,
           const net::ArpPacket& packet) {
  const bool is_named = packet.sender_mac != net::MacAddress{};
  return (is_named ? packet.sender_mac : header.source) == own_mac;
}

}  // namespace

using net::ArpOperation;
using net::ArpPacket;
using net::IpAddress;
using net::MacAddress;

Verdict JudgeArp(const MacAddress& own_mac,
                 const absl::btree_set<IpAddress>& held,
                 const net::EthernetHeader& header, const ArpPacket& packet) {
  if (IsOwn(own_mac, header, packet)) return Verdict::kOwnFrame;
  if (held.contains(packet.sender_ip)) return Verdict::kConflict;
  if (packet.operation != ArpOperation::kRequest) return Verdict::kNotRequest;
  if (header.destination != own_mac &&
      header.destination != net::kBroadcastMac) {
    return Verdict::kWrongDestination;
  }
  if (!held.contains(packet.target_ip)) return Verdict::kNotOurs;
  return Verdict::kReply;
}

std::vector<uint8_t> ArpReplyFrame(const MacAddress& own_mac,
                                   const ArpPacket& packet) {
  return net::ArpFrame(packet.sender_mac, {.operation = ArpOperation::kReply,
                                           .sender_mac = own_mac,
                                           .sender_ip = packet.target_ip,
                                           .target_mac = packet.sender_mac,
                                           .target_ip = packet.sender_ip});
}

std::vector<uint8_t> GratuitousRequestFrame(const MacAddress& own_mac,
                                            const IpAddress& address) {
  return net::ArpFrame(net::kBroadcastMac,
                       {.operation = ArpOperation::kRequest,
                        .sender_mac = own_mac,
                        .sender_ip = address,
                        .target_mac = {},  // RFC 5227 2.3: zero.
                        .target_ip = address});
}

std::vector<uint8_t> GratuitousReplyFrame(const MacAddress& own_mac,
                                          const IpAddress& address) {
  return net::ArpFrame(net::kBroadcastMac, {.operation = ArpOperation::kReply,
                                            .sender_mac = own_mac,
                                            .sender_ip = address,
                                            .target_mac = own_mac,
                                            .target_ip = address});
}

std::vector<uint8_t> ArpProbeFrame(const MacAddress& own_mac,
                                   const MacAddress& destination,
                                   const IpAddress& address) {
  return net::ArpFrame(destination, {.operation = ArpOperation::kRequest,
                                     .sender_mac = own_mac,
                                     .sender_ip = IpAddress::Ipv4(0),
                                     .target_mac = {},
                                     .target_ip = address});
}

}  // namespace lb::announce
