#include "daemon/routing/peer_plan.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

net::IpAddress Ip(const char* text) { return *net::ParseIpAddress(text); }

config::BgpPeer Peer(const std::string& name, const char* address) {
  config::BgpPeer peer;
  peer.name = name;
  peer.my_as = {64512};
  peer.peer_as = {{64500}};
  peer.address = Ip(address);
  return peer;
}

std::vector<io::Link> Links() {
  io::Link eth0;
  eth0.name = "eth0";
  eth0.addresses = {*net::ParseIpPrefix("10.0.0.1/24"),
                    *net::ParseIpPrefix("2001:db8::1/64")};
  io::Link lo;
  lo.name = "lo";
  lo.loopback = true;
  lo.addresses = {*net::ParseIpPrefix("127.0.0.1/8")};
  return {lo, eth0};
}

TEST(PlanPeersTest, AnObjectBecomesOptions) {
  config::BgpPeer peer = Peer("tor", "10.0.0.254");
  peer.port = 1790;
  peer.local_as = {{65010}};
  peer.router_id = Ip("192.0.2.9");
  peer.timers.hold = absl::Seconds(9);
  peer.timers.keepalive = absl::Seconds(2);
  peer.timers.connect = absl::Seconds(20);
  peer.password = "secret";
  peer.source_address = Ip("10.0.0.1");
  const PeerPlan plan = PlanPeers({peer}, {Links(), {}});
  ASSERT_THAT(plan.peers, SizeIs(1));
  const bgp::PeerOptions& options = plan.peers[0];
  EXPECT_EQ(options.name, "tor");
  EXPECT_EQ(options.endpoint().ToString(), "10.0.0.254:1790");
  EXPECT_EQ(options.own_asn, bgp::Asn{65010});
  EXPECT_EQ(options.peer_as, (bgp::PeerAs{.asn = {64500}}));
  EXPECT_EQ(options.identifier, 0xc0000209);
  EXPECT_EQ(options.hold_time, absl::Seconds(9));
  EXPECT_EQ(options.keepalive_time, absl::Seconds(2));
  EXPECT_EQ(options.connect_time, absl::Seconds(20));
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.source, Ip("10.0.0.1"));
  EXPECT_EQ(options.families, (net::IpFamilies{.ipv4 = true}));
  EXPECT_EQ(options.restart_time, std::nullopt);
  EXPECT_TRUE(bgp::Validate(options).ok());
  EXPECT_THAT(plan.bfd, IsEmpty());
  EXPECT_THAT(plan.waiting, IsEmpty());
}

// The object has a keepalive of 0 then, which is no time of a session.
TEST(PlanPeersTest, AHoldTimeOf0IsASessionWithoutKeepalives) {
  config::BgpPeer peer = Peer("tor", "10.0.0.254");
  peer.timers.hold = peer.timers.keepalive = absl::ZeroDuration();
  const PeerPlan plan = PlanPeers({peer}, {Links(), {}});
  ASSERT_THAT(plan.peers, SizeIs(1));
  EXPECT_EQ(plan.peers[0].hold_time, absl::ZeroDuration());
  EXPECT_TRUE(bgp::Validate(plan.peers[0]).ok());
}

TEST(PlanPeersTest, FamiliesAndRestartAreAsked) {
  config::BgpPeer six = Peer("six", "2001:db8::fe");
  config::BgpPeer both = Peer("both", "10.0.0.254");
  both.dual_stack_address_family = true;
  both.graceful_restart = true;
  const PeerPlan plan = PlanPeers({six, both}, {Links(), {}});
  EXPECT_EQ(plan.peers[0].families, (net::IpFamilies{.ipv6 = true}));
  EXPECT_EQ(plan.peers[1].families,
            (net::IpFamilies{.ipv4 = true, .ipv6 = true}));
  EXPECT_EQ(plan.peers[1].restart_time, absl::Seconds(30));
}

TEST(PlanPeersTest, TheAsMayBeARule) {
  config::BgpPeer internal = Peer("a", "10.0.0.2");
  internal.peer_as.reset();
  internal.dynamic_as = config::BgpPeer::DynamicAs::kInternal;
  config::BgpPeer external = internal;
  external.name = "b";
  external.dynamic_as = config::BgpPeer::DynamicAs::kExternal;
  const PeerPlan plan = PlanPeers({internal, external}, {Links(), {}});
  EXPECT_EQ(plan.peers[0].peer_as.rule, bgp::PeerAsRule::kInternal);
  EXPECT_EQ(plan.peers[1].peer_as.rule, bgp::PeerAsRule::kExternal);
}

TEST(PlanPeersTest, BfdOfOneHopIsForPeersOnALink) {
  config::BgpPeer near = Peer("near", "10.0.0.254");
  near.bfd = {.receive_interval = absl::Milliseconds(50),
              .transmit_interval = absl::Milliseconds(60),
              .detect_multiplier = 5,
              .passive_mode = true};
  config::BgpPeer far = Peer("far", "192.0.2.1");
  far.bfd = {.minimum_ttl = 250};
  config::BgpPeer said = Peer("said", "10.0.0.253");
  said.bfd.emplace();
  said.ebgp_multihop = true;
  const PeerPlan plan = PlanPeers({near, far, said}, {Links(), {}});
  const bfd::SessionKey near_key = {.remote = Ip("10.0.0.254"),
                                    .interface = "eth0"};
  const bfd::SessionKey far_key = {.hops = bfd::Hops::kMulti,
                                   .remote = Ip("192.0.2.1")};
  const bfd::SessionKey said_key = {.hops = bfd::Hops::kMulti,
                                    .remote = Ip("10.0.0.253")};
  ASSERT_THAT(plan.bfd, SizeIs(3));
  EXPECT_EQ(plan.bfd.at(near_key),
            (bfd::SessionOptions{.desired_min_tx = absl::Milliseconds(60),
                                 .required_min_rx = absl::Milliseconds(50),
                                 .detect_multiplier = 5,
                                 .passive = true}));
  EXPECT_EQ(plan.bfd.at(far_key).minimum_ttl, 250);
  EXPECT_TRUE(plan.bfd.contains(said_key));
}

TEST(PlanPeersTest, PeersAtOneAddressShareABfdSession) {
  config::BgpPeer first = Peer("first", "10.0.0.254");
  first.bfd = {.detect_multiplier = 3};
  config::BgpPeer second = Peer("second", "10.0.0.254");
  second.port = 1790;
  second.bfd = {.detect_multiplier = 9};
  const PeerPlan plan = PlanPeers({first, second}, {Links(), {}});
  ASSERT_THAT(plan.bfd, SizeIs(1));
  EXPECT_EQ(plan.bfd.begin()->second.detect_multiplier, 3);
  EXPECT_THAT(plan.watched.begin()->second, ElementsAre("first", "second"));
}

config::BgpPeer PeerOn(const std::string& name, const char* interface) {
  config::BgpPeer peer = Peer(name, "10.0.0.254");
  peer.address.reset();
  peer.interface = interface;
  return peer;
}

std::map<std::string, bgp::FoundRouter> RouterOn(const char* interface) {
  return {{interface,
           {.interface = "eth1",
            .own = Ip("fe80::1"),
            .router = Ip("fe80::a"),
            .why = ""}}};
}

TEST(PlanPeersTest, APeerOfAnInterfaceHasTheRouterThatIsFoundThere) {
  config::BgpPeer peer = PeerOn("unnumbered", "uplink");
  peer.bfd.emplace();
  peer.ebgp_multihop = true;  // It says nothing of a link-local address.
  EXPECT_THAT(InterfacesOf({peer, Peer("tor", "10.0.0.254")}),
              ElementsAre("uplink"));
  const PeerPlan plan = PlanPeers({peer}, {Links(), RouterOn("uplink")});
  ASSERT_THAT(plan.peers, SizeIs(1));
  const bgp::PeerOptions& options = plan.peers[0];
  EXPECT_EQ(options.endpoint().ToString(), "[fe80::a]:179");
  EXPECT_EQ(options.interface, "eth1");
  EXPECT_EQ(options.source, Ip("fe80::1"));
  EXPECT_EQ(options.families, (net::IpFamilies{.ipv4 = true, .ipv6 = true}));
  EXPECT_TRUE(bgp::Validate(options).ok());
  EXPECT_THAT(plan.waiting, IsEmpty());
  EXPECT_THAT(plan.doubts, IsEmpty());
  const bfd::SessionKey key = {
      .remote = Ip("fe80::a"), .local = Ip("fe80::1"), .interface = "eth1"};
  EXPECT_THAT(plan.watched, ElementsAre(Pair(key, ElementsAre("unnumbered"))));
  EXPECT_TRUE(bfd::Validate(key, plan.bfd.at(key)).ok());
}

TEST(PlanPeersTest, ItsSourceMayBeAnotherAddress) {
  config::BgpPeer peer = PeerOn("unnumbered", "eth1");
  peer.source_address = Ip("fe80::2");
  const PeerPlan plan = PlanPeers({peer}, {Links(), RouterOn("eth1")});
  EXPECT_EQ(plan.peers[0].source, Ip("fe80::2"));
}

TEST(PlanPeersTest, APeerWaitsForItsRouter) {
  config::BgpPeer peer = PeerOn("unnumbered", "eth1");
  peer.graceful_restart = true;
  auto routers = RouterOn("eth1");
  routers["eth1"].router.reset();
  routers["eth1"].why = "no router advertisement heard on eth1";
  const PeerPlan plan = PlanPeers({peer}, {Links(), routers});
  EXPECT_THAT(plan.peers, IsEmpty());
  EXPECT_EQ(plan.restart_time, absl::Seconds(30));
  EXPECT_THAT(plan.waiting,
              ElementsAre(Pair("unnumbered",
                               WaitingPeer{"eth1",
                                           "no router advertisement heard on "
                                           "eth1"})));
}

TEST(PlanPeersTest, ASecondRouterIsADoubt) {
  auto routers = RouterOn("eth1");
  routers["eth1"].why = "2 routers advertise on eth1 (fe80::a, fe80::b)";
  const PeerPlan plan = PlanPeers({PeerOn("p", "eth1")}, {Links(), routers});
  EXPECT_THAT(plan.peers, SizeIs(1));
  EXPECT_THAT(plan.doubts, ElementsAre(Pair("p", routers["eth1"].why)));
}

TEST(PlanPeersTest, ANodeHasItsOwnValues) {
  config::BgpPeer peer = Peer("tor", "10.0.0.254");
  peer.from_node.address = "rack/tor";
  const PeerPlan plan = PlanPeers(
      {peer},
      {Links(), {}, {.name = "n1", .labels = {{"rack/tor", "10.0.0.7"}}}});
  ASSERT_THAT(plan.peers, SizeIs(1));
  EXPECT_EQ(plan.peers[0].address, Ip("10.0.0.7"));
}

TEST(PlanPeersTest, APeerWithAnUnfitValueWaits) {
  config::BgpPeer peer = Peer("tor", "10.0.0.254");
  peer.from_node.address = "rack/tor";
  const PeerPlan plan = PlanPeers(
      {peer}, {Links(), {}, {.name = "n1", .labels = {{"rack/tor", "seven"}}}});
  EXPECT_THAT(plan.peers, SizeIs(0));
  EXPECT_EQ(plan.waiting.at("tor"),
            (WaitingPeer{.why = "Node/n1: rack/tor is \"seven\", want the "
                                "address of a router"}));
}

}  // namespace
}  // namespace lb
