#include "lb/announce/testing/announcer_fixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "lb/announce/arp_responder.h"
#include "lb/announce/ndp_responder.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::ArpOperation;
using net::IpAddress;
using net::MacAddress;

std::string KindOf(const net::EthernetHeader& header,
                   const net::ArpPacket& packet) {
  switch (net::Kind(packet)) {
    case net::ArpKind::kProbe:
      return header.destination == net::kBroadcastMac ? "probe" : "watch";
    case net::ArpKind::kGratuitousRequest:
      return "request";
    case net::ArpKind::kGratuitousReply:
      return "gratuitous reply";
    case net::ArpKind::kRequest:
    case net::ArpKind::kReply:
      return "reply";
  }
  return "?";
}

std::string KindOf(const net::NdpPacket& packet) {
  const auto* advert = std::get_if<net::NeighborAdvertisement>(&packet.message);
  if (advert != nullptr) return advert->solicited ? "reply" : "advert";
  return packet.source.is_unspecified() ? "probe" : "watch";
}

std::string KindOf(const std::vector<uint8_t>& bytes) {
  const auto frame = net::ParseEthernet(bytes);
  const auto arp = net::ParseArp(frame->payload);
  return arp.ok() ? KindOf(frame->header, *arp)
                  : KindOf(*net::ParseNdp(frame->payload));
}

}  // namespace

Interface Eth0() {
  return {.name = "eth0",
          .index = 2,
          .mac = kEth0Mac,
          .arp = true,
          .link_local = Ip("fe80::2")};
}

Interface Eth1() {
  return {.name = "eth1",
          .index = 3,
          .mac = kEth1Mac,
          .arp = true,
          .link_local = Ip("fe80::3")};
}

std::vector<uint8_t> AskArp(const IpAddress& target) {
  return net::ArpFrame(
      net::kBroadcastMac,
      {ArpOperation::kRequest, kClient, Ip("10.0.0.200"), {}, target});
}

std::vector<uint8_t> AskNdp(const IpAddress& target) {
  const IpAddress group = net::SolicitedNodeGroup(target);
  return net::NdpFrame(
      net::MulticastMac(group), kClient,
      {Ip("fe80::cc"), group, net::NeighborSolicitation{target, kClient}});
}

std::vector<uint8_t> RivalArp(const IpAddress& vip, const MacAddress& rival) {
  return net::ArpFrame(net::kBroadcastMac,
                       {ArpOperation::kReply, rival, vip, rival, vip});
}

std::vector<uint8_t> RivalNdp(const IpAddress& vip) {
  return net::NdpFrame(
      net::MulticastMac(net::AllNodesGroup()), kRival,
      {Ip("fe80::dd"), net::AllNodesGroup(),
       net::NeighborAdvertisement{.target = vip, .target_mac = kRival}});
}

std::vector<uint8_t> Ask(const IpAddress& target) {
  return target.is_ipv4() ? AskArp(target) : AskNdp(target);
}

std::vector<uint8_t> RivalClaim(const IpAddress& vip) {
  return vip.is_ipv4() ? RivalArp(vip) : RivalNdp(vip);
}

std::vector<uint8_t> RivalProbe(const IpAddress& vip, const MacAddress& rival) {
  return vip.is_ipv4() ? ArpProbeFrame(rival, net::kBroadcastMac, vip)
                       : DuplicateDetectionFrame(rival, vip);
}

std::vector<uint8_t> RivalWatch(const IpAddress& vip, const MacAddress& mac) {
  return vip.is_ipv4() ? ArpProbeFrame(kRival, mac, vip)
                       : WatchSolicitFrame(kRival, Ip("fe80::dd"), mac, vip);
}

std::vector<uint8_t> ReachabilityCheck(const IpAddress& vip,
                                       const MacAddress& client,
                                       const MacAddress& mac) {
  if (vip.is_ipv4()) {
    return net::ArpFrame(
        mac, {ArpOperation::kRequest, client, Ip("10.0.0.200"), mac, vip});
  }
  return net::NdpFrame(
      mac, client,
      {Ip("fe80::cc"), vip, net::NeighborSolicitation{vip, client}});
}

std::vector<std::string> Dump(const std::vector<OutgoingFrame>& frames) {
  std::vector<std::string> lines;
  for (const OutgoingFrame& frame : frames) {
    const auto ethernet = net::ParseEthernet(frame.bytes);
    lines.push_back(fmt::format("{} {} {}>{}", frame.interface,
                                frame.vip.ToString(),
                                ethernet->header.source.ToString(),
                                ethernet->header.destination.ToString()));
  }
  return lines;
}

std::vector<std::string> Kinds(const std::vector<OutgoingFrame>& frames) {
  std::vector<std::string> lines;
  for (const OutgoingFrame& frame : frames) {
    lines.push_back(fmt::format("{} {} {}", frame.interface,
                                KindOf(frame.bytes), frame.vip.ToString()));
  }
  return lines;
}

void AnnouncerTest::Settle(Announcer& announcer, const Announcements& vips) {
  announcer.SetLinks(now_, {Eth0()});
  announcer.SetAnnouncements(now_, vips);
  now_ += absl::Minutes(1);
  for (int round = 0; round < 9; ++round) announcer.OnTimer(now_);
  EXPECT_EQ(announcer.NextDeadline(), absl::InfiniteFuture());
  announcer.TakeFrames();
  announcer.TakeGroups();
}

std::vector<std::string> AnnouncerTest::Run(Announcer& announcer,
                                            absl::Duration duration) {
  const absl::Time start = now_;
  std::vector<std::string> lines;
  const auto take = [&] {
    for (const std::string& kind : Kinds(announcer.TakeFrames())) {
      lines.push_back(
          fmt::format("{} {}", absl::ToInt64Milliseconds(now_ - start), kind));
    }
  };
  take();
  while (announcer.NextDeadline() <= start + duration) {
    now_ = std::max(now_, announcer.NextDeadline());
    announcer.OnTimer(now_);
    take();
  }
  now_ = start + duration;
  return lines;
}

}  // namespace lb::announce
