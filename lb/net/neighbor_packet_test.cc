#include "lb/net/neighbor_packet.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

constexpr MacAddress kHostA = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0a}};
constexpr MacAddress kHostB = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0b}};

IpAddress Ip(std::string_view text) { return *ParseIpAddress(text); }

const ArpPacket kArp = {.sender_mac = kHostA,
                        .sender_ip = Ip("192.0.2.1"),
                        .target_ip = Ip("192.0.2.2")};
const NdpPacket kNdp = {
    .source = Ip("2001:db8::a"),
    .destination = Ip("2001:db8::b"),
    .message = NeighborSolicitation{Ip("2001:db8::b"), kHostA}};

TEST(ParseNeighborPacketTest, ReadsArp) {
  const auto packet = ParseNeighborPacket(ArpFrame(kHostB, kArp));
  ASSERT_THAT(packet, IsOk());
  EXPECT_EQ(packet->header.destination, kHostB);
  EXPECT_EQ(packet->header.source, kHostA);
  ASSERT_TRUE(std::holds_alternative<ArpPacket>(packet->message));
  EXPECT_EQ(std::get<ArpPacket>(packet->message), kArp);
}

TEST(ParseNeighborPacketTest, ReadsNdp) {
  const auto packet = ParseNeighborPacket(NdpFrame(kHostB, kHostA, kNdp));
  ASSERT_THAT(packet, IsOk());
  EXPECT_EQ(packet->header.destination, kHostB);
  ASSERT_TRUE(std::holds_alternative<NdpPacket>(packet->message));
  EXPECT_EQ(std::get<NdpPacket>(packet->message), kNdp);
}

TEST(ParseNeighborPacketTest, OtherProtocolsHaveNoMessage) {
  std::vector<uint8_t> frame = NdpFrame(kHostB, kHostA, kNdp);
  constexpr size_t kNextHeader = kEthernetHeaderSize + 6;
  frame[kNextHeader] = 17;  // UDP
  for (const auto& other :
       {frame, SerializeEthernet({kHostB, kHostA, 0x0800}, {})}) {
    const auto packet = ParseNeighborPacket(other);
    ASSERT_THAT(packet, IsOk());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(packet->message));
  }
}

TEST(ParseNeighborPacketTest, RefusesAFrameOfAVlan) {
  const std::vector<uint8_t> payload = {0x00, 0x07, 0x08, 0x06};
  const auto packet = ParseNeighborPacket(
      SerializeEthernet({kHostB, kHostA, kTagCustomer}, payload));
  EXPECT_TRUE(absl::IsUnimplemented(packet.status())) << packet.status();
}

TEST(ParseNeighborPacketTest, RejectsEveryTruncation) {
  std::vector<uint8_t> arp = ArpFrame(kHostB, kArp);
  arp.resize(kEthernetHeaderSize + kArpSize);  // Without padding.
  const std::vector<uint8_t> ndp = NdpFrame(kHostB, kHostA, kNdp);
  for (const auto& frame : {arp, ndp}) {
    ASSERT_THAT(ParseNeighborPacket(frame), IsOk());
    for (size_t size = 0; size < frame.size(); ++size) {
      const auto packet =
          ParseNeighborPacket(absl::MakeConstSpan(frame).first(size));
      EXPECT_TRUE(absl::IsInvalidArgument(packet.status())) << size;
    }
  }
}

}  // namespace
}  // namespace lb::net
