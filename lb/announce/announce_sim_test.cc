// Two nodes and a client on a simulated segment: who answers, who took over.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer.h"
#include "lb/announce/interface.h"
#include "lb/announce/verdict.h"
#include "lb/base/event_log.h"
#include "lb/io/environment.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/io/sim/sim_segment.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/ndp.h"

namespace lb::announce {
namespace {

using net::ArpOperation;
using net::ArpPacket;
using net::IpAddress;
using net::MacAddress;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

const IpAddress kVip = Ip("172.18.8.203");
const IpAddress kVip6 = Ip("2001:db8::203");

io::SimHostOptions HostOptions(const std::string& name, int number) {
  return {
      .name = name,
      .addresses = {*net::ParseIpPrefix(fmt::format("172.18.8.{}/24", number)),
                    *net::ParseIpPrefix(fmt::format("fe80::{}/64", number))}};
}

// Nodes 1 and 2 are 02:00:00:00:00:01 and :02, the client :03.
class AnnounceSimTest : public ::testing::Test {
 protected:
  AnnounceSimTest()
      : n1_(world_.AddHost(HostOptions("n1", 1))),
        n2_(world_.AddHost(HostOptions("n2", 2))),
        client_(world_.AddHost(HostOptions("client", 3))),
        node1_(std::make_unique<AnnounceNode>(AnnounceNodeOptions{},
                                              n1_->environment())),
        node2_(std::make_unique<AnnounceNode>(AnnounceNodeOptions{},
                                              n2_->environment())) {
    // The order in which frames leave is ours; the network keeps it.
    world_.segment().paths().SetDefault({.jitter = absl::ZeroDuration()});
    node1_->Start();
    node2_->Start();
    port_ = *client_->environment().frames->Open("eth0", "arp or icmp6");
    port_->SetReceiver(
        [this](absl::Span<const uint8_t> frame) { Hear(frame); });
  }

  // What the client heard in `duration`, one line per frame.
  std::vector<std::string> Run(absl::Duration duration) {
    heard_.clear();
    world_.loop().RunFor(duration);
    return std::move(heard_);
  }

  // Sends from the client, and returns what it hears within 10 ms.
  std::vector<std::string> Send(const std::vector<uint8_t>& frame) {
    EXPECT_TRUE(port_->Send(frame).ok());
    return Run(absl::Milliseconds(10));
  }

  std::vector<std::string> ResolveIpv4() {
    return Send(net::ArpFrame(net::kBroadcastMac, {ArpOperation::kRequest,
                                                   client_->mac(),
                                                   client_->address(),
                                                   {},
                                                   kVip}));
  }

  std::vector<std::string> ResolveIpv6() {
    const IpAddress group = net::SolicitedNodeGroup(kVip6);
    return Send(
        net::NdpFrame(net::MulticastMac(group), client_->mac(),
                      {Ip("fe80::3"), group,
                       net::NeighborSolicitation{kVip6, client_->mac()}}));
  }

  // As every IPv6 host does.
  void JoinAllNodes() {
    ASSERT_TRUE(port_->JoinGroup(net::AllNodesGroup()).ok());
  }

  std::vector<std::string> Events(io::SimHost* host, std::string_view reason) {
    std::vector<std::string> messages;
    for (const Event& event : host->log().Since(0)) {
      if (event.reason != reason) continue;
      messages.push_back(fmt::format("{} {}", event.object, event.message));
    }
    return messages;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const n1_;
  io::SimHost* const n2_;
  io::SimHost* const client_;
  std::unique_ptr<AnnounceNode> node1_;
  std::unique_ptr<AnnounceNode> node2_;

 private:
  void Hear(absl::Span<const uint8_t> bytes) {
    const auto frame = net::ParseEthernet(bytes);
    ASSERT_TRUE(frame.ok()) << frame.status();
    if (const auto arp = net::ParseArp(frame->payload); arp.ok()) {
      static constexpr std::string_view kNames[] = {
          "request", "probe", "gratuitous request", "reply",
          "gratuitous reply"};
      heard_.push_back(fmt::format(
          "{} {} is at {}", kNames[static_cast<size_t>(net::Kind(*arp))],
          arp->sender_ip.ToString(), arp->sender_mac.ToString()));
      return;
    }
    const auto ndp = net::ParseNdp(frame->payload);
    ASSERT_TRUE(ndp.ok()) << ndp.status();
    const auto& advert = std::get<net::NeighborAdvertisement>(ndp->message);
    heard_.push_back(fmt::format(
        "{} {} is at {}", advert.solicited ? "solicited" : "unsolicited",
        advert.target.ToString(), advert.target_mac->ToString()));
  }

  std::unique_ptr<io::FramePort> port_;
  std::vector<std::string> heard_;
};

TEST_F(AnnounceSimTest, ResolvesTakesOverAndStops) {
  EXPECT_THAT(ResolveIpv4(), IsEmpty());

  node1_->SetAnnouncements({{kVip, {}}});
  EXPECT_THAT(
      Run(absl::Milliseconds(50)),
      ElementsAre("gratuitous request 172.18.8.203 is at 02:00:00:00:00:01",
                  "gratuitous reply 172.18.8.203 is at 02:00:00:00:00:01"));
  Run(absl::Seconds(6));
  EXPECT_THAT(ResolveIpv4(),
              ElementsAre("reply 172.18.8.203 is at 02:00:00:00:00:01"));

  node1_->SetAnnouncements({});
  node2_->SetAnnouncements({{kVip, {}}});
  EXPECT_THAT(
      Run(absl::Milliseconds(50)),
      ElementsAre("gratuitous request 172.18.8.203 is at 02:00:00:00:00:02",
                  "gratuitous reply 172.18.8.203 is at 02:00:00:00:00:02"));
  EXPECT_THAT(Run(absl::Seconds(6)), SizeIs(10));
  EXPECT_THAT(ResolveIpv4(),
              ElementsAre("reply 172.18.8.203 is at 02:00:00:00:00:02"));
  EXPECT_THAT(Events(n1_, "AddressConflict"), IsEmpty());
  EXPECT_THAT(Events(n2_, "AddressConflict"), IsEmpty());

  node2_->SetAnnouncements({});
  EXPECT_THAT(ResolveIpv4(), IsEmpty());
  EXPECT_THAT(Run(absl::Minutes(5)), IsEmpty());
}

TEST_F(AnnounceSimTest, ResolvesIpv6BehindASnoopingSwitch) {
  world_.segment().SetMulticastSnooping(true);
  JoinAllNodes();
  node1_->SetAnnouncements({{kVip6, {}}});
  EXPECT_THAT(Run(absl::Milliseconds(50)),
              ElementsAre("unsolicited 2001:db8::203 is at 02:00:00:00:00:01"));
  EXPECT_THAT(ResolveIpv6(),
              ElementsAre("solicited 2001:db8::203 is at 02:00:00:00:00:01"));
  node1_->SetAnnouncements({});
  EXPECT_THAT(ResolveIpv6(), IsEmpty());
}

TEST_F(AnnounceSimTest, RefreshesWithinAMinuteAndAFew) {
  node1_->SetAnnouncements({{kVip, {}}});
  Run(absl::Seconds(6));
  EXPECT_THAT(Run(absl::Seconds(67)), SizeIs(2));
}

TEST_F(AnnounceSimTest, CarrierLossSilencesAndItsReturnAnnounces) {
  int changes = 0;
  node1_->SetInterfacesObserver([&] { ++changes; });
  node1_->SetAnnouncements({{kVip, {}}, {kVip6, {}}});
  Run(absl::Seconds(6));
  n1_->SetCarrier(false);
  Run(absl::Milliseconds(1));
  EXPECT_EQ(ToString(node1_->interfaces()[1]), "eth0: no carrier");
  EXPECT_THAT(node1_->announcer().current(), IsEmpty());
  EXPECT_EQ(changes, 1);
  EXPECT_THAT(Run(absl::Minutes(2)), IsEmpty());
  n1_->SetCarrier(true);
  EXPECT_THAT(
      Run(absl::Milliseconds(50)),
      ElementsAre("gratuitous request 172.18.8.203 is at 02:00:00:00:00:01",
                  "unsolicited 2001:db8::203 is at 02:00:00:00:00:01",
                  "gratuitous reply 172.18.8.203 is at 02:00:00:00:00:01"));
  EXPECT_EQ(changes, 2);
  EXPECT_THAT(ResolveIpv6(), SizeIs(1));
  EXPECT_THAT(
      Events(n1_, "InterfaceChanged"),
      ElementsAre("Interface/lo lo: loopback", "Interface/eth0 eth0: usable",
                  "Interface/eth0 eth0: no carrier",
                  "Interface/eth0 eth0: usable"));
}

TEST_F(AnnounceSimTest, ReportsARival) {
  std::vector<Conflict> told;
  node1_->SetConflictObserver(
      [&](const Conflict& conflict) { told.push_back(conflict); });
  node1_->SetAnnouncements({{kVip, {}}});
  node2_->SetAnnouncements({{kVip, {}}});  // As after a partition.
  Run(absl::Seconds(6));
  EXPECT_THAT(told, ElementsAre(Conflict{{kVip, "eth0"}, n2_->mac()}));
  EXPECT_THAT(Events(n1_, "AddressConflict"),
              ElementsAre("Vip/172.18.8.203 eth0: 02:00:00:00:00:02 answers "
                          "for it too: announced again"));
  EXPECT_THAT(Events(n2_, "AddressConflict"), SizeIs(1));
}

TEST_F(AnnounceSimTest, HearsNothingButArpAndNeighbourDiscovery) {
  node1_->SetAnnouncements({{kVip, {}}});
  Run(absl::Seconds(6));
  Send(net::SerializeEthernet({n1_->mac(), client_->mac(), 0x0800},
                              std::vector<uint8_t>(46, 0x45)));
  EXPECT_EQ(node1_->announcer().verdicts()[Verdict::kUnsupported], 0u);
}

// A host whose frame transport refuses until it is told to work.
class LateTransport final : public io::FrameTransport {
 public:
  explicit LateTransport(io::FrameTransport* real) : real_(real) {}
  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string& interface, const std::string& filter) override {
    if (!works) return absl::PermissionDeniedError("CAP_NET_RAW is missing");
    return real_->Open(interface, filter);
  }

  bool works = false;

 private:
  io::FrameTransport* const real_;
};

TEST_F(AnnounceSimTest, TriesAgainToOpenAPort) {
  node1_.reset();
  io::Environment environment = n1_->environment();
  LateTransport frames(environment.frames);
  environment.frames = &frames;
  AnnounceNode node({}, environment);
  node.Start();
  node.SetAnnouncements({{kVip, {}}});
  EXPECT_THAT(Run(absl::Seconds(30)), IsEmpty());
  EXPECT_EQ(ToString(node.interfaces()[1]),
            "eth0: no frame port (CAP_NET_RAW is missing)");
  EXPECT_THAT(Events(n1_, "InterfaceChanged"),
              Contains(HasSubstr("no frame port")).Times(1));
  frames.works = true;
  EXPECT_THAT(Run(absl::Seconds(11)),
              Contains(HasSubstr("gratuitous request")));
  EXPECT_EQ(ToString(node.interfaces()[1]), "eth0: usable");
}

}  // namespace
}  // namespace lb::announce
