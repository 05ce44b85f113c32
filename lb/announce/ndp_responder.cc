#include "lb/announce/ndp_responder.h"

#include <variant>

namespace lb::announce {
namespace {

using net::EthernetHeader;
using net::IpAddress;
using net::MacAddress;
using net::NdpPacket;
using net::NeighborAdvertisement;
using net::NeighborSolicitation;

// RFC 4861 section 7.2.2 sends to the group, 7.3.3 to the address itself.
bool WasSentTo(const IpAddress& target, const MacAddress& own_mac,
               const EthernetHeader& header, const NdpPacket& packet) {
  const IpAddress group = net::SolicitedNodeGroup(target);
  if (packet.destination != target && packet.destination != group) return false;
  // Some senders put the group's packet into a frame to us alone.
  return header.destination == own_mac ||
         (packet.destination == group &&
          header.destination == net::MulticastMac(group));
}

std::vector<uint8_t> AdvertFrame(const MacAddress& own_mac,
                                 const MacAddress& destination_mac,
                                 const IpAddress& destination,
                                 const NeighborAdvertisement& advert) {
  return net::NdpFrame(
      destination_mac, own_mac,
      {.source = advert.target, .destination = destination, .message = advert});
}

}  // namespace

MacAddress SpeakerOf(const EthernetHeader& header, const NdpPacket& packet) {
  const auto* advert = std::get_if<NeighborAdvertisement>(&packet.message);
  const auto& named =
      advert != nullptr
          ? advert->target_mac
          : std::get<NeighborSolicitation>(packet.message).source_mac;
  return named.value_or(header.source);
}

Verdict JudgeNdp(const MacAddress& own_mac,
                 const absl::btree_set<IpAddress>& held,
                 const EthernetHeader& header, const NdpPacket& packet) {
  const auto* advert = std::get_if<NeighborAdvertisement>(&packet.message);
  const bool claims = advert != nullptr && held.contains(advert->target);
  if (SpeakerOf(header, packet) == own_mac) return Verdict::kOwnFrame;
  if (claims || held.contains(packet.source)) return Verdict::kConflict;
  if (advert != nullptr) return Verdict::kNotRequest;
  const IpAddress& target =
      std::get<NeighborSolicitation>(packet.message).target;
  if (!held.contains(target)) return Verdict::kNotOurs;
  return WasSentTo(target, own_mac, header, packet)
             ? Verdict::kReply
             : Verdict::kWrongDestination;
}

std::vector<uint8_t> NdpReplyFrame(const MacAddress& own_mac,
                                   const EthernetHeader& header,
                                   const NdpPacket& packet) {
  const auto& asked = std::get<NeighborSolicitation>(packet.message);
  // RFC 4861 section 7.2.4: an asker without an address gets it through all.
  if (packet.source.is_unspecified()) {
    return UnsolicitedAdvertFrame(own_mac, asked.target);
  }
  return AdvertFrame(own_mac, asked.source_mac.value_or(header.source),
                     packet.source,
                     {.target = asked.target,
                      .solicited = true,
                      .override_cache = true,
                      .target_mac = own_mac});
}

std::vector<uint8_t> UnsolicitedAdvertFrame(const MacAddress& own_mac,
                                            const IpAddress& address) {
  const IpAddress all = net::AllNodesGroup();
  return AdvertFrame(
      own_mac, net::MulticastMac(all), all,
      {.target = address, .override_cache = true, .target_mac = own_mac});
}

std::vector<uint8_t> DuplicateDetectionFrame(const MacAddress& own_mac,
                                             const IpAddress& address) {
  const IpAddress group = net::SolicitedNodeGroup(address);
  return net::NdpFrame(net::MulticastMac(group), own_mac,
                       {.source = IpAddress::Ipv6(0),
                        .destination = group,
                        .message = NeighborSolicitation{.target = address}});
}

std::vector<uint8_t> WatchSolicitFrame(const MacAddress& own_mac,
                                       const IpAddress& link_local,
                                       const MacAddress& rival,
                                       const IpAddress& address) {
  return net::NdpFrame(rival, own_mac,
                       {.source = link_local,
                        .destination = address,
                        .message = NeighborSolicitation{.target = address}});
}

}  // namespace lb::announce
