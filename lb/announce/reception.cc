#include "lb/announce/reception.h"

#include <optional>
#include <utility>
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
                                const net::ArpPacket& request) {
  if (net::Kind(request) != net::ArpKind::kProbe) return std::nullopt;
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

Reception OnArp(const MacAddress& own_mac, const HeldAddresses& held,
                const net::EthernetFrame& frame) {
  const auto packet = net::ParseArp(frame.payload);
  if (!packet.ok()) return {.verdict = Verdict::kMalformed};
  Reception reception = {
      .verdict = JudgeArp(own_mac, held, frame.header, *packet),
      .vip = packet->target_ip};
  if (reception.verdict == Verdict::kConflict) {
    reception.vip = packet->sender_ip;
    SetSign(RivalSign::kClaims, packet->sender_mac, reception);
  } else if (reception.verdict == Verdict::kReply) {
    SetSign(SignOf(frame.header, *packet), packet->sender_mac, reception);
    reception.reply = ArpReplyFrame(own_mac, *packet);
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

Reception OnNdp(const MacAddress& own_mac, const HeldAddresses& held,
                const net::EthernetFrame& frame) {
  const auto packet = net::ParseNdp(frame.payload);
  if (absl::IsUnimplemented(packet.status())) {
    return {.verdict = Verdict::kUnsupported};
  }
  if (!packet.ok()) return {.verdict = Verdict::kMalformed};
  Reception reception = {.verdict =
                             JudgeNdp(own_mac, held, frame.header, *packet)};
  if (reception.verdict == Verdict::kConflict) {
    SetClaim(held, frame.header, *packet, reception);
    return reception;
  }
  const auto* asked = std::get_if<net::NeighborSolicitation>(&packet->message);
  if (asked == nullptr) return reception;
  reception.vip = asked->target;
  if (reception.verdict == Verdict::kReply) {
    SetSign(SignOf(own_mac, frame.header, *packet, *asked),
            SpeakerOf(frame.header, *packet), reception);
    reception.reply = NdpReplyFrame(own_mac, frame.header, *packet);
  }
  return reception;
}

}  // namespace

Reception Receive(const MacAddress& own_mac, const HeldAddresses& held,
                  absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (absl::IsUnimplemented(frame.status())) {
    return {.verdict = Verdict::kTagged};
  }
  if (!frame.ok()) return {.verdict = Verdict::kMalformed};
  switch (frame->header.ether_type) {
    case net::kEtherTypeArp:
      return OnArp(own_mac, held, *frame);
    case net::kEtherTypeIpv6:
      return OnNdp(own_mac, held, *frame);
    default:
      return {.verdict = Verdict::kUnsupported};
  }
}

}  // namespace lb::announce
