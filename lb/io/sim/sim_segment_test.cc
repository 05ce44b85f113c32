#include "lb/io/sim/sim_segment.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<uint8_t> FrameTo(const net::MacAddress& to, uint16_t type) {
  std::vector<uint8_t> frame(to.bytes.begin(), to.bytes.end());
  frame.insert(frame.end(), {2, 0, 0, 0, 0, 1});
  frame.push_back(static_cast<uint8_t>(type >> 8));
  frame.push_back(static_cast<uint8_t>(type));
  frame.resize(60);
  return frame;
}

// Three hosts with a port for ARP each; who heard a frame, by number.
class SimSegmentTest : public testing::Test {
 protected:
  SimSegmentTest() {
    for (const int n : {1, 2, 3}) {
      const std::string number = std::to_string(n);
      SimHost* host = world_.AddHost("n" + number, "10.0.0." + number + "/24");
      hosts_.push_back(host);
      ports_.push_back(*host->environment().frames->Open("eth0", "arp"));
      ports_.back()->SetReceiver([this, n](auto) { heard_by_.push_back(n); });
    }
  }

  // Who hears a frame of the first host?
  std::vector<int> Hear(const std::vector<uint8_t>& frame) {
    heard_by_.clear();
    EXPECT_THAT(ports_[0]->Send(frame), IsOk());
    world_.loop().RunFor(absl::Seconds(1));
    std::sort(heard_by_.begin(), heard_by_.end());
    return heard_by_;
  }

  SimWorld world_{/*seed=*/1};
  std::vector<SimHost*> hosts_;
  std::vector<std::unique_ptr<FramePort>> ports_;
  std::vector<int> heard_by_;
};

constexpr uint16_t kArp = 0x0806;

TEST_F(SimSegmentTest, FramesGoWhereTheyAreAddressed) {
  EXPECT_THAT(Hear(FrameTo(hosts_[1]->mac(), kArp)), ElementsAre(2));
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, kArp)), ElementsAre(2, 3));
  EXPECT_THAT(Hear(FrameTo(hosts_[0]->mac(), kArp)), IsEmpty());
  EXPECT_THAT(Hear(FrameTo({{2, 9, 9, 9, 9, 9}}, kArp)), IsEmpty());
}

TEST_F(SimSegmentTest, FiltersAreApplied) {
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, 0x0800)), IsEmpty());
  FrameTransport* frames = hosts_[0]->environment().frames;
  EXPECT_THAT(frames->Open("eth0", "arp and ("),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(frames->Open("eth1", "arp"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ports_[0]->Send(std::vector<uint8_t>(13)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SimSegmentTest, UnpluggedAndCrashedHostsHearAndSayNothing) {
  hosts_[1]->SetCarrier(false);
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, kArp)), ElementsAre(3));
  EXPECT_THAT(ports_[1]->Send(FrameTo(net::kBroadcastMac, kArp)),
              StatusIs(absl::StatusCode::kUnavailable));
  hosts_[1]->SetCarrier(true);
  hosts_[2]->Crash();
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, kArp)), ElementsAre(2));
  EXPECT_EQ(world_.segment().stats().unreachable, 2u);
}

TEST_F(SimSegmentTest, APartitionSplitsTheSegment) {
  world_.Partition({hosts_[0], hosts_[1]}, {hosts_[2]});
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, kArp)), ElementsAre(2));
  world_.Heal();
  EXPECT_THAT(Hear(FrameTo(net::kBroadcastMac, kArp)), ElementsAre(2, 3));
}

TEST_F(SimSegmentTest, SnoopingHidesGroupsFromThoseThatDidNotJoin) {
  const net::IpAddress group = *net::ParseIpAddress("ff02::1:ff00:9");
  const std::vector<uint8_t> frame = FrameTo(net::MulticastMac(group), kArp);
  EXPECT_THAT(Hear(frame), ElementsAre(2, 3));
  world_.segment().SetMulticastSnooping(true);
  EXPECT_THAT(Hear(frame), IsEmpty());
  EXPECT_THAT(ports_[1]->JoinGroup(group), IsOk());
  EXPECT_THAT(ports_[1]->JoinGroup(group), IsOk());
  EXPECT_THAT(Hear(frame), ElementsAre(2));
  EXPECT_THAT(ports_[1]->LeaveGroup(group), IsOk());
  EXPECT_THAT(Hear(frame), IsEmpty());
  EXPECT_THAT(ports_[1]->JoinGroup(*net::ParseIpAddress("224.0.0.1")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SimSegmentTest, SnoopingLetsAllNodesThrough) {
  world_.segment().SetMulticastSnooping(true);
  const net::IpAddress all_nodes = *net::ParseIpAddress("ff02::1");
  EXPECT_THAT(Hear(FrameTo(net::MulticastMac(all_nodes), kArp)),
              ElementsAre(2, 3));
}

TEST_F(SimSegmentTest, ASwitchForwardsToWhereAMacWasSeenLast) {
  world_.segment().SetForwarding(absl::Seconds(300));
  const net::MacAddress mac = hosts_[1]->mac();
  EXPECT_EQ(world_.segment().PortOf(mac), std::nullopt);
  EXPECT_THAT(Hear(FrameTo(mac, kArp)), ElementsAre(2));
  // The third host speaks as the second.
  std::vector<uint8_t> forged = FrameTo(net::kBroadcastMac, kArp);
  std::copy(mac.bytes.begin(), mac.bytes.end(), forged.begin() + 6);
  EXPECT_THAT(ports_[2]->Send(forged), IsOk());
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.segment().PortOf(mac), hosts_[2]->number());
  EXPECT_THAT(Hear(FrameTo(mac, kArp)), IsEmpty());
  EXPECT_EQ(world_.segment().stats().misdirected, 1u);
  // The second speaks for itself.
  EXPECT_THAT(ports_[1]->Send(forged), IsOk());
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(Hear(FrameTo(mac, kArp)), ElementsAre(2));
  world_.loop().RunFor(absl::Seconds(300));
  EXPECT_EQ(world_.segment().PortOf(mac), std::nullopt);
}

TEST_F(SimSegmentTest, AFullForwardingTableLearnsNoMore) {
  world_.segment().SetForwarding(absl::Seconds(300));
  std::vector<uint8_t> frame = FrameTo(hosts_[0]->mac(), kArp);
  for (size_t i = 0; i < kForwardingMax + 5; ++i) {
    frame[6] = 0x0a;
    frame[10] = static_cast<uint8_t>(i >> 8);
    frame[11] = static_cast<uint8_t>(i);
    EXPECT_THAT(ports_[0]->Send(frame), IsOk());
  }
  EXPECT_EQ(world_.segment().forwarding_entries(), kForwardingMax);
}

TEST_F(SimSegmentTest, AFullQueueDropsAndCounts) {
  hosts_[1]->Pause();
  const std::vector<uint8_t> frame = FrameTo(hosts_[1]->mac(), kArp);
  for (size_t n = 0; n < kFramesInFlightMax + 5; ++n) {
    EXPECT_THAT(ports_[0]->Send(frame), IsOk());
  }
  EXPECT_EQ(world_.segment().stats().overflowed, 5u);
}

TEST_F(SimSegmentTest, ThePortMayBeDestroyedWithinItsReceiver) {
  ports_[1]->SetReceiver([this, kept = std::string(100, 'x')](auto) {
    ports_[1].reset();
    heard_by_.push_back(static_cast<int>(kept.size()));
  });
  EXPECT_THAT(Hear(FrameTo(hosts_[1]->mac(), kArp)), ElementsAre(100));
  EXPECT_THAT(Hear(FrameTo(hosts_[1]->mac(), kArp)), IsEmpty());
}

TEST_F(SimSegmentTest, TheTapSeesWhatIsSent) {
  std::vector<int> senders;
  world_.segment().SetTap([&](int host, auto) { senders.push_back(host); });
  Hear(FrameTo(net::kBroadcastMac, kArp));
  EXPECT_THAT(senders, ElementsAre(1));
}

}  // namespace
}  // namespace lb::io
