#include "lb/announce/arp_responder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/testing/hex.h"

namespace lb::announce {
namespace {

using net::ArpOperation;
using net::ArpPacket;
using net::IpAddress;
using net::MacAddress;

constexpr MacAddress kOwn = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}};
constexpr MacAddress kClient = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0c}};
constexpr MacAddress kOther = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0d}};
const IpAddress kVip = IpAddress::Ipv4(0xc6336464);       // 198.51.100.100
const IpAddress kOtherVip = IpAddress::Ipv4(0xc6336465);  // also announced
const IpAddress kClientIp = IpAddress::Ipv4(0xc633640c);
const IpAddress kElse = IpAddress::Ipv4(0xc63364c8);
const IpAddress kNone = IpAddress::Ipv4(0);
constexpr ArpOperation kRequest = ArpOperation::kRequest;
constexpr ArpOperation kReply = ArpOperation::kReply;

TEST(JudgeArpTest, GivesTheReason) {
  const struct {
    const char* name;
    MacAddress to;
    MacAddress from;
    ArpPacket packet;
    Verdict verdict;
  } kCases[] = {
      {"broadcast request",
       net::kBroadcastMac,
       kClient,
       {kRequest, kClient, kClientIp, {}, kVip},
       Verdict::kReply},
      {"unicast request",
       kOwn,
       kClient,
       {kRequest, kClient, kClientIp, kOwn, kVip},
       Verdict::kReply},
      {"probe",
       net::kBroadcastMac,
       kClient,
       {kRequest, kClient, kNone, {}, kVip},
       Verdict::kReply},
      {"request sent on by a proxy",
       net::kBroadcastMac,
       kOther,
       {kRequest, kClient, kClientIp, {}, kVip},
       Verdict::kReply},
      {"request for another address",
       net::kBroadcastMac,
       kClient,
       {kRequest, kClient, kClientIp, {}, kElse},
       Verdict::kNotOurs},
      {"another host's announcement",
       net::kBroadcastMac,
       kClient,
       {kRequest, kClient, kClientIp, {}, kClientIp},
       Verdict::kNotOurs},
      {"request to another host",
       kOther,
       kClient,
       {kRequest, kClient, kClientIp, {}, kVip},
       Verdict::kWrongDestination},
      {"request to a group",
       {{0x01, 0x00, 0x5e, 0, 0, 1}},
       kClient,
       {kRequest, kClient, kClientIp, {}, kVip},
       Verdict::kWrongDestination},
      {"reply",
       kOwn,
       kClient,
       {kReply, kClient, kClientIp, kOwn, kVip},
       Verdict::kNotRequest},
      {"our own announcement",
       net::kBroadcastMac,
       kOwn,
       {kRequest, kOwn, kVip, {}, kVip},
       Verdict::kOwnFrame},
      {"ours, sent on by a switch",
       net::kBroadcastMac,
       kOther,
       {kRequest, kOwn, kVip, {}, kVip},
       Verdict::kOwnFrame},
      {"a rival's announcement",
       net::kBroadcastMac,
       kOther,
       {kRequest, kOther, kVip, {}, kVip},
       Verdict::kConflict},
      {"a rival's announcement in a frame from our MAC",
       net::kBroadcastMac,
       kOwn,
       {kRequest, kOther, kVip, {}, kVip},
       Verdict::kConflict},
      {"a rival's answer in a frame from our MAC",
       kOwn,
       kOwn,
       {kReply, kOther, kVip, kOwn, kClientIp},
       Verdict::kConflict},
      {"a request in a frame from our MAC",
       net::kBroadcastMac,
       kOwn,
       {kRequest, kClient, kClientIp, {}, kVip},
       Verdict::kReply},
      {"a frame from our MAC that names no sender",
       net::kBroadcastMac,
       kOwn,
       {kRequest, {}, kVip, {}, kVip},
       Verdict::kOwnFrame},
      {"a rival's announcement as reply",
       net::kBroadcastMac,
       kOther,
       {kReply, kOther, kVip, kOther, kVip},
       Verdict::kConflict},
      {"a rival's answer to us",
       kOwn,
       kOther,
       {kReply, kOther, kVip, kOwn, kClientIp},
       Verdict::kConflict},
      {"a rival asks for another address",
       net::kBroadcastMac,
       kOther,
       {kRequest, kOther, kVip, {}, kClientIp},
       Verdict::kConflict},
      {"a rival asks for an address of ours",
       net::kBroadcastMac,
       kOther,
       {kRequest, kOther, kVip, {}, kOtherVip},
       Verdict::kConflict},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(JudgeArp(kOwn, {kVip, kOtherVip},
                       {test.to, test.from, net::kEtherTypeArp}, test.packet),
              test.verdict)
        << ToString(test.verdict);
  }
}

TEST(JudgeArpTest, AnswersNothingWithoutAnnouncements) {
  EXPECT_EQ(
      JudgeArp(kOwn, {}, {net::kBroadcastMac, kClient, net::kEtherTypeArp},
               {kRequest, kClient, kClientIp, {}, kVip}),
      Verdict::kNotOurs);
}

// The bytes of each frame that goes out; zeros up to 60 bytes follow.
std::vector<uint8_t> Padded(std::string_view text) {
  std::vector<uint8_t> bytes = net::Hex(text);
  bytes.resize(60);
  return bytes;
}

TEST(ArpReplyFrameTest, AnswersTheSenderAlone) {
  EXPECT_EQ(ArpReplyFrame(kOwn, {kRequest, kClient, kClientIp, {}, kVip}),
            Padded("02005e00530c 02005e005301 0806"
                   "0001 0800 06 04 0002"
                   "02005e005301 c6336464 02005e00530c c633640c"));
}

TEST(ArpReplyFrameTest, DefendsAgainstAProbe) {
  EXPECT_EQ(ArpReplyFrame(kOwn, {kRequest, kClient, kNone, {}, kVip}),
            Padded("02005e00530c 02005e005301 0806"
                   "0001 0800 06 04 0002"
                   "02005e005301 c6336464 02005e00530c 00000000"));
}

TEST(GratuitousFrameTest, RequestForm) {
  EXPECT_EQ(GratuitousRequestFrame(kOwn, kVip),
            Padded("ffffffffffff 02005e005301 0806"
                   "0001 0800 06 04 0001"
                   "02005e005301 c6336464 000000000000 c6336464"));
}

TEST(GratuitousFrameTest, ReplyFormHasTheOwnMacAsTarget) {
  EXPECT_EQ(GratuitousReplyFrame(kOwn, kVip),
            Padded("ffffffffffff 02005e005301 0806"
                   "0001 0800 06 04 0002"
                   "02005e005301 c6336464 02005e005301 c6336464"));
}

}  // namespace
}  // namespace lb::announce
