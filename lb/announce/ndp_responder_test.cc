#include "lb/announce/ndp_responder.h"

#include <optional>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::announce {
namespace {

using net::EthernetHeader;
using net::IpAddress;
using net::MacAddress;
using net::NdpPacket;
using net::NeighborAdvertisement;
using net::NeighborSolicitation;

constexpr MacAddress kOwn = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}};
constexpr MacAddress kClient = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0c}};
constexpr MacAddress kOther = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0d}};

IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

const IpAddress kVip = Ip("2001:db8::64");
const IpAddress kGroup = Ip("ff02::1:ff00:64");
const MacAddress kGroupMac = net::MulticastMac(kGroup);
const IpAddress kClientIp = Ip("2001:db8::c");
const IpAddress kElse = Ip("2001:db8:1::64");  // Shares the VIP's group.

NdpPacket Asks(const IpAddress& source, const IpAddress& destination,
               const IpAddress& target,
               std::optional<MacAddress> source_mac = std::nullopt) {
  return {source, destination, NeighborSolicitation{target, source_mac}};
}

NdpPacket Says(const IpAddress& source, const IpAddress& target,
               std::optional<MacAddress> target_mac) {
  return {source, net::AllNodesGroup(),
          NeighborAdvertisement{.target = target, .target_mac = target_mac}};
}

TEST(JudgeNdpTest, GivesTheReason) {
  const MacAddress all = net::MulticastMac(net::AllNodesGroup());
  const struct {
    const char* name;
    MacAddress to;
    MacAddress from;
    NdpPacket packet;
    Verdict verdict;
  } kCases[] = {
      {"multicast solicitation", kGroupMac, kClient,
       Asks(kClientIp, kGroup, kVip, kClient), Verdict::kReply},
      {"without link-layer option", kGroupMac, kClient,
       Asks(kClientIp, kGroup, kVip), Verdict::kReply},
      {"reachability check", kOwn, kClient, Asks(kClientIp, kVip, kVip),
       Verdict::kReply},
      {"reachability check with option", kOwn, kClient,
       Asks(kClientIp, kVip, kVip, kClient), Verdict::kReply},
      {"group packet in a frame to us", kOwn, kClient,
       Asks(kClientIp, kGroup, kVip, kClient), Verdict::kReply},
      {"duplicate address detection", kGroupMac, kClient,
       Asks(Ip("::"), kGroup, kVip), Verdict::kReply},
      {"another address of the same group", kGroupMac, kClient,
       Asks(kClientIp, kGroup, kElse, kClient), Verdict::kNotOurs},
      {"to all nodes", all, kClient,
       Asks(kClientIp, net::AllNodesGroup(), kVip), Verdict::kWrongDestination},
      {"to another group", net::MulticastMac(Ip("ff02::1:ff00:65")), kClient,
       Asks(kClientIp, Ip("ff02::1:ff00:65"), kVip),
       Verdict::kWrongDestination},
      {"unicast in a frame to another host", kOther, kClient,
       Asks(kClientIp, kVip, kVip), Verdict::kWrongDestination},
      {"unicast in a frame to the group", kGroupMac, kClient,
       Asks(kClientIp, kVip, kVip), Verdict::kWrongDestination},
      {"our own solicitation", kGroupMac, kOwn, Asks(kClientIp, kGroup, kVip),
       Verdict::kOwnFrame},
      {"our own advertisement", all, kOwn, Says(kVip, kVip, kOwn),
       Verdict::kOwnFrame},
      {"ours, sent on under another MAC", all, kOther, Says(kVip, kVip, kOwn),
       Verdict::kOwnFrame},
      {"another host's advertisement", all, kClient,
       Says(kClientIp, kClientIp, kClient), Verdict::kNotRequest},
      {"a rival's advertisement", all, kOther, Says(kVip, kVip, kOther),
       Verdict::kConflict},
      {"a rival's from its own address", all, kOther,
       Says(kClientIp, kVip, kOther), Verdict::kConflict},
      {"a rival's without link-layer option", all, kOther,
       Says(kClientIp, kVip, std::nullopt), Verdict::kConflict},
      {"a rival asks from our address", kGroupMac, kOther,
       Asks(kVip, Ip("ff02::1:ff00:c"), kClientIp, kOther), Verdict::kConflict},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(JudgeNdp(kOwn, {kVip}, {test.to, test.from, net::kEtherTypeIpv6},
                       test.packet),
              test.verdict)
        << ToString(test.verdict);
  }
}

// Any host can send a frame from our MAC; the packet says which host it is
// about.
TEST(JudgeNdpTest, AFramesForgedSourceMakesNothingOurs) {
  const MacAddress all = net::MulticastMac(net::AllNodesGroup());
  const struct {
    const char* name;
    MacAddress to;
    NdpPacket packet;
    Verdict verdict;
  } kCases[] = {
      {"a rival's advertisement", all, Says(kVip, kVip, kOther),
       Verdict::kConflict},
      {"a rival asks from our address", kGroupMac,
       Asks(kVip, Ip("ff02::1:ff00:c"), kClientIp, kOther), Verdict::kConflict},
      {"a solicitation", kGroupMac, Asks(kClientIp, kGroup, kVip, kClient),
       Verdict::kReply},
      {"without link-layer option", all, Says(kVip, kVip, std::nullopt),
       Verdict::kOwnFrame},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(JudgeNdp(kOwn, {kVip}, {test.to, kOwn, net::kEtherTypeIpv6},
                       test.packet),
              test.verdict)
        << ToString(test.verdict);
  }
}

struct Answer {
  EthernetHeader header;
  NdpPacket packet;
};

// Reads the frame back through the codec, whose bytes are tested apart.
Answer Read(const std::vector<uint8_t>& bytes) {
  const auto frame = net::ParseEthernet(bytes);
  EXPECT_THAT(frame, IsOk());
  const auto packet = net::ParseNdp(frame->payload);
  EXPECT_THAT(packet, IsOk());
  return {frame->header, *packet};
}

TEST(NdpReplyFrameTest, AnswersTheAskerWithOverride) {
  const Answer answer =
      Read(NdpReplyFrame(kOwn, {kGroupMac, kOther, net::kEtherTypeIpv6},
                         Asks(kClientIp, kGroup, kVip, kClient)));
  EXPECT_EQ(answer.header,
            (EthernetHeader{kClient, kOwn, net::kEtherTypeIpv6}));
  EXPECT_EQ(answer.packet,
            (NdpPacket{kVip, kClientIp,
                       NeighborAdvertisement{.target = kVip,
                                             .solicited = true,
                                             .override_cache = true,
                                             .target_mac = kOwn}}));
}

TEST(NdpReplyFrameTest, WithoutOptionAnswersTheFramesSource) {
  const Answer answer = Read(NdpReplyFrame(
      kOwn, {kOwn, kClient, net::kEtherTypeIpv6}, Asks(kClientIp, kVip, kVip)));
  EXPECT_EQ(answer.header.destination, kClient);
  EXPECT_EQ(answer.packet.destination, kClientIp);
}

TEST(NdpReplyFrameTest, DefendsToAllNodes) {
  const Answer answer =
      Read(NdpReplyFrame(kOwn, {kGroupMac, kClient, net::kEtherTypeIpv6},
                         Asks(Ip("::"), kGroup, kVip)));
  EXPECT_EQ(answer.header.destination.ToString(), "33:33:00:00:00:01");
  EXPECT_EQ(answer.packet,
            (NdpPacket{kVip, net::AllNodesGroup(),
                       NeighborAdvertisement{.target = kVip,
                                             .solicited = false,
                                             .override_cache = true,
                                             .target_mac = kOwn}}));
}

TEST(UnsolicitedAdvertFrameTest, TellsAllNodesWithOverride) {
  const Answer answer = Read(UnsolicitedAdvertFrame(kOwn, kVip));
  EXPECT_EQ(answer.header.destination.ToString(), "33:33:00:00:00:01");
  EXPECT_EQ(answer.header.source, kOwn);
  EXPECT_EQ(answer.packet,
            (NdpPacket{kVip, net::AllNodesGroup(),
                       NeighborAdvertisement{.target = kVip,
                                             .override_cache = true,
                                             .target_mac = kOwn}}));
}

}  // namespace
}  // namespace lb::announce
