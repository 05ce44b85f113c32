// Two nodes and a client on a simulated segment: who answers, who took over.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/announcer.h"
#include "lb/announce/interface.h"
#include "lb/announce/testing/announce_sim_fixture.h"
#include "lb/announce/verdict.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_segment.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_prefix.h"

namespace lb::announce {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AnnounceSimTest : public AnnounceSimFixture {
 protected:
  AnnounceSimTest() { StartNodes({}, {}); }
};

TEST_F(AnnounceSimTest, AnAddressThatComesBackIsAnsweredAtOnce) {
  const Announcements wanted = {{kVip, {.role = Role::kProbeFirst}}};
  node1_->SetAnnouncements(wanted);
  Run(absl::Seconds(6));
  node1_->SetAnnouncements({});
  Run(absl::Seconds(5));
  EXPECT_THAT(Resolve(kVip), IsEmpty());
  node1_->SetAnnouncements(wanted);
  EXPECT_THAT(Resolve(kVip),
              Contains("reply 172.18.8.203 is at 02:00:00:00:00:01"));
}

// It took the address while no node announced it, and this node heard it.
TEST_F(AnnounceSimTest, AnAddressThatAHostTookMeanwhileIsLeftToIt) {
  const Announcements wanted = {{kVip, {.role = Role::kProbeFirst}}};
  node1_->SetAnnouncements(wanted);
  Run(absl::Seconds(6));
  node1_->SetAnnouncements({});
  Send(Claim(kVip));
  Run(absl::Seconds(5));
  node1_->SetAnnouncements(wanted);
  EXPECT_THAT(Resolve(kVip), Each(HasSubstr("probe")));
  Send(Claim(kVip));  // It answers the probe.
  Run(absl::Seconds(1));
  EXPECT_THAT(Resolve(kVip), IsEmpty());
  EXPECT_THAT(Events(n1_, "AddressConflict"), SizeIs(1));
}

// It was silent, or its frames were lost: it answers the first probe.
TEST_F(AnnounceSimTest, AnAddressThatAHostTookInSilenceIsWithdrawn) {
  const Announcements wanted = {{kVip, {.role = Role::kProbeFirst}}};
  node1_->SetAnnouncements(wanted);
  Run(absl::Seconds(6));
  node1_->SetAnnouncements({});
  Run(absl::Seconds(5));
  node1_->SetAnnouncements(wanted);
  Send(Claim(kVip));
  EXPECT_THAT(Resolve(kVip), IsEmpty());
  EXPECT_THAT(Run(absl::Seconds(5)), IsEmpty());
  EXPECT_THAT(Events(n1_, "AddressConflict"), SizeIs(1));
}

TEST_F(AnnounceSimTest, ResolvesTakesOverAndStops) {
  EXPECT_THAT(Resolve(kVip), IsEmpty());

  node1_->SetAnnouncements({{kVip, {}}});
  EXPECT_THAT(
      Run(absl::Milliseconds(50)),
      ElementsAre("gratuitous request 172.18.8.203 is at 02:00:00:00:00:01",
                  "gratuitous reply 172.18.8.203 is at 02:00:00:00:00:01"));
  Run(absl::Seconds(6));
  EXPECT_THAT(Resolve(kVip),
              ElementsAre("reply 172.18.8.203 is at 02:00:00:00:00:01"));

  node1_->SetAnnouncements({});
  node2_->SetAnnouncements({{kVip, {}}});
  EXPECT_THAT(
      Run(absl::Milliseconds(50)),
      ElementsAre("gratuitous request 172.18.8.203 is at 02:00:00:00:00:02",
                  "gratuitous reply 172.18.8.203 is at 02:00:00:00:00:02"));
  EXPECT_THAT(Run(absl::Seconds(6)), SizeIs(10));
  EXPECT_THAT(Resolve(kVip),
              ElementsAre("reply 172.18.8.203 is at 02:00:00:00:00:02"));
  EXPECT_THAT(Events(n1_, "AddressConflict"), IsEmpty());
  EXPECT_THAT(Events(n2_, "AddressConflict"), IsEmpty());

  node2_->SetAnnouncements({});
  EXPECT_THAT(Resolve(kVip), IsEmpty());
  EXPECT_THAT(Run(absl::Minutes(5)), IsEmpty());
}

TEST_F(AnnounceSimTest, ResolvesIpv6BehindASnoopingSwitch) {
  world_.segment().SetMulticastSnooping(true);
  JoinAllNodes();
  node1_->SetAnnouncements({{kVip6, {}}});
  EXPECT_THAT(Run(absl::Milliseconds(50)),
              ElementsAre("unsolicited 2001:db8::203 is at 02:00:00:00:00:01"));
  EXPECT_THAT(Resolve(kVip6),
              ElementsAre("solicited 2001:db8::203 is at 02:00:00:00:00:01"));
  node1_->SetAnnouncements({});
  EXPECT_THAT(Resolve(kVip6), IsEmpty());
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
  changes = 0;
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
  EXPECT_THAT(Resolve(kVip6), SizeIs(1));
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

TEST_F(AnnounceSimTest, ALinkLocalAddressThatComesLaterIsUsedAfterAProbe) {
  world_.segment().SetMulticastSnooping(true);
  JoinAllNodes();
  const net::IpPrefix link_local = *net::ParseIpPrefix("fe80::1/64");
  n1_->links().RemoveAddress("eth0", link_local);
  Run(absl::Milliseconds(1));
  node1_->SetAnnouncements({{kVip6, {}}});
  EXPECT_THAT(Run(absl::Seconds(1)), IsEmpty());
  EXPECT_THAT(Resolve(kVip6), IsEmpty());
  n1_->links().AddAddress("eth0", link_local);
  EXPECT_THAT(Run(absl::Milliseconds(100)),
              ElementsAre("unsolicited 2001:db8::203 is at 02:00:00:00:00:01"));
  EXPECT_THAT(Resolve(kVip6), SizeIs(1));
  n1_->links().RemoveAddress("eth0", link_local);
  n1_->links().AddAddress("eth0", *net::ParseIpPrefix("fe80::9/64"));
  EXPECT_THAT(Run(absl::Milliseconds(50)), SizeIs(1));  // Announced again.
  EXPECT_THAT(Resolve(kVip6), SizeIs(1));
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
  Ports ports = Ports::From(n1_->environment());
  LateTransport frames(ports.frames);
  ports.frames = &frames;
  AnnounceNode node({}, ports);
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
