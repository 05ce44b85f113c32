#include "lb/announce/reception.h"

#include <optional>
#include <variant>

#include "lb/announce/arp_responder.h"
#include "lb/announce/ndp_responder.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::IpAddress;
using net::MacAddress;
using HeldAddresses = absl::btree_set<IpAddress>;

// A host that asks without an address of its own wants that address.
std::optional<RivalSign> SignOf(const net::EthernetHeader& header,
                                const net::ArpPacket& packet) {
  if (net::Kind(packet) != net::ArpKind::kProbe) return std::nullopt;
  return header.destination == net::kBroadcastMac ? RivalSign::kProbes
                                                  : RivalSign::kYields;
}

// WatchSolicitFrame() says how a yielded host asks.
std::optional<RivalSign> SignOf(const MacAddress& own_mac,
                                const net::EthernetHeader& header,
                                const net::NdpPacket& packet,
                                const net::NeighborSolicitation& asked) {
  if (packet.source.is_unspecified()) return RivalSign::kProbes;
  const bool watches = header.destination == own_mac &&
                       packet.destination == asked.target && !asked.source_mac;
  if (watches) return RivalSign::kYields;
  return std::nullopt;
}

void SetSign(std::optional<RivalSign> sign, const MacAddress& mac,
             Reception& reception) {
  if (!sign) return;
  reception.is_rival = true;
  reception.mac = mac;
  reception.sign = *sign;
}

Reception OnMessage(const MacAddress& own_mac, const HeldAddresses& held,
                    const net::EthernetHeader& header,
                    const net::ArpPacket& packet) {
  Reception reception = {.verdict = JudgeArp(own_mac, held, header, packet),
                         .vip = packet.target_ip};
  if (reception.verdict == Verdict::kConflict) {
    reception.vip = packet.sender_ip;
    SetSign(RivalSign::kClaims, packet.sender_mac, reception);
  } else if (reception.verdict == Verdict::kReply) {
    SetSign(SignOf(header, packet), packet.sender_mac, reception);
  }
  return reception;
}

// Sets the claim of a packet that JudgeNdp() calls a conflict.
void SetClaim(const HeldAddresses& held, const net::EthernetHeader& header,
              const net::NdpPacket& packet, Reception& reception) {
  const auto* advert = std::get_if<net::NeighborAdvertisement>(&packet.message);
  const bool is_target = advert != nullptr && held.contains(advert->target);
  reception.vip = is_target ? advert->target : packet.source;
  SetSign(RivalSign::kClaims, SpeakerOf(header, packet), reception);
}

Reception OnMessage(const MacAddress& own_mac, const HeldAddresses& held,
                    const net::EthernetHeader& header,
                    const net::NdpPacket& packet) {
  Reception reception = {.verdict = JudgeNdp(own_mac, held, header, packet)};
  if (reception.verdict == Verdict::kConflict) {
    SetClaim(held, header, packet, reception);
    return reception;
  }
  const auto* asked = std::get_if<net::NeighborSolicitation>(&packet.message);
  if (asked == nullptr) return reception;
  reception.vip = asked->target;
  if (reception.verdict == Verdict::kReply) {
    SetSign(SignOf(own_mac, header, packet, *asked), SpeakerOf(header, packet),
            reception);
  }
  return reception;
}

}  // namespace

Reception Receive(const MacAddress& own_mac, const HeldAddresses& held,
                  const net::NeighborPacket& packet) {
  if (const auto* arp = std::get_if<net::ArpPacket>(&packet.message)) {
    return OnMessage(own_mac, held, packet.header, *arp);
  }
  if (const auto* ndp = std::get_if<net::NdpPacket>(&packet.message)) {
    return OnMessage(own_mac, held, packet.header, *ndp);
  }
  return {.verdict = Verdict::kUnsupported};
}

bool IsQuestion(const net::NeighborPacket& packet) {
  if (const auto* arp = std::get_if<net::ArpPacket>(&packet.message)) {
    return net::Kind(*arp) == net::ArpKind::kRequest;
  }
  const auto* ndp = std::get_if<net::NdpPacket>(&packet.message);
  return ndp != nullptr && !ndp->source.is_unspecified() &&
         std::holds_alternative<net::NeighborSolicitation>(ndp->message);
}

std::vector<uint8_t> ReplyFrame(const MacAddress& own_mac,
                                const net::NeighborPacket& packet) {
  if (const auto* arp = std::get_if<net::ArpPacket>(&packet.message)) {
    return ArpReplyFrame(own_mac, *arp);
  }
  return NdpReplyFrame(own_mac, packet.header,
                       std::get<net::NdpPacket>(packet.message));
}

}  // namespace lb::announce
