#include "lb/announce/testing/announce_sim_fixture.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "lb/base/event_log.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/io/sim/sim_segment.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::ArpOperation;
using net::IpAddress;

io::SimHostOptions HostOptions(const std::string& name, int number) {
  return {
      .name = name,
      .addresses = {*net::ParseIpPrefix(fmt::format("172.18.8.{}/24", number)),
                    *net::ParseIpPrefix(fmt::format("fe80::{}/64", number))}};
}

std::string Describe(const net::ArpPacket& packet) {
  static constexpr std::string_view kNames[] = {
      "request", "probe", "gratuitous request", "reply", "gratuitous reply"};
  return fmt::format("{} {} is at {}",
                     kNames[static_cast<size_t>(net::Kind(packet))],
                     packet.sender_ip.ToString(), packet.sender_mac.ToString());
}

std::string Describe(const net::NdpPacket& packet) {
  if (const auto* asked =
          std::get_if<net::NeighborSolicitation>(&packet.message)) {
    return fmt::format("solicitation {}", asked->target.ToString());
  }
  const auto& advert = std::get<net::NeighborAdvertisement>(packet.message);
  return fmt::format("{} {} is at {}",
                     advert.solicited ? "solicited" : "unsolicited",
                     advert.target.ToString(), advert.target_mac->ToString());
}

}  // namespace

AnnounceSimFixture::AnnounceSimFixture()
    : n1_(world_.AddHost(HostOptions("n1", 1))),
      n2_(world_.AddHost(HostOptions("n2", 2))),
      client_(world_.AddHost(HostOptions("client", 3))),
      port_(*client_->environment().frames->Open("eth0", "arp or icmp6")) {
  // The order in which frames leave is ours; the network keeps it.
  world_.segment().paths().SetDefault({.jitter = absl::ZeroDuration()});
  port_->SetReceiver([this](absl::Span<const uint8_t> frame) { Hear(frame); });
}

void AnnounceSimFixture::StartNodes(const AnnounceNodeOptions& options1,
                                    const AnnounceNodeOptions& options2) {
  node1_ =
      std::make_unique<AnnounceNode>(options1, Ports::From(n1_->environment()));
  node2_ =
      std::make_unique<AnnounceNode>(options2, Ports::From(n2_->environment()));
  node1_->Start();
  node2_->Start();
}

std::vector<std::string> AnnounceSimFixture::Run(absl::Duration duration) {
  heard_.clear();
  world_.loop().RunFor(duration);
  return std::move(heard_);
}

std::vector<std::string> AnnounceSimFixture::Send(
    const std::vector<uint8_t>& frame) {
  EXPECT_TRUE(port_->Send(frame).ok());
  return Run(absl::Milliseconds(10));
}

std::vector<std::string> AnnounceSimFixture::Resolve(const IpAddress& vip) {
  return Send(Question(vip));
}

std::vector<uint8_t> AnnounceSimFixture::Question(const IpAddress& vip) const {
  if (vip.is_ipv4()) {
    return net::ArpFrame(
        net::kBroadcastMac,
        {ArpOperation::kRequest, client_->mac(), client_->address(), {}, vip});
  }
  const IpAddress group = net::SolicitedNodeGroup(vip);
  return net::NdpFrame(net::MulticastMac(group), client_->mac(),
                       {*net::ParseIpAddress("fe80::3"), group,
                        net::NeighborSolicitation{vip, client_->mac()}});
}

std::vector<uint8_t> AnnounceSimFixture::Claim(const IpAddress& vip) const {
  if (vip.is_ipv4()) {
    return net::ArpFrame(
        net::kBroadcastMac,
        {ArpOperation::kRequest, client_->mac(), vip, {}, vip});
  }
  const IpAddress all = net::AllNodesGroup();
  return net::NdpFrame(
      net::MulticastMac(all), client_->mac(),
      {vip, all,
       net::NeighborAdvertisement{.target = vip,
                                  .override_cache = true,
                                  .target_mac = client_->mac()}});
}

void AnnounceSimFixture::JoinAllNodes() {
  ASSERT_TRUE(port_->JoinGroup(net::AllNodesGroup()).ok());
}

std::vector<std::string> AnnounceSimFixture::Events(io::SimHost* host,
                                                    std::string_view reason) {
  std::vector<std::string> messages;
  for (const Event& event : host->log().Since(0)) {
    if (event.reason != reason) continue;
    messages.push_back(
        fmt::format("{} {}", event.object.ToString(), event.message));
  }
  return messages;
}

void AnnounceSimFixture::Hear(absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  ASSERT_TRUE(frame.ok()) << frame.status();
  if (const auto arp = net::ParseArp(frame->payload); arp.ok()) {
    heard_.push_back(Describe(*arp));
    return;
  }
  const auto ndp = net::ParseNdp(frame->payload);
  ASSERT_TRUE(ndp.ok()) << ndp.status();
  heard_.push_back(Describe(*ndp));
}

}  // namespace lb::announce
