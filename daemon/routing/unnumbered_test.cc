// Routing with a peer by its interface.
#include <memory>
#include <string>

#include "daemon/routing/testing/routing_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/bgp/unnumbered/router_finder.h"
#include "lb/io/sim/sim_host.h"

namespace lb {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A peer of an interface: the router has a link-local address only, and
// advertises itself.
class UnnumberedTest : public RoutingTest {
 protected:
  UnnumberedTest() {
    config::BgpPeer& peer = desired_.bgp.peers[0];
    peer.address.reset();
    peer.interface = "eth0";
    Start();
    node_host_->environment().links->SetObserver([this] {
      if (routing_ != nullptr) routing_->OnLinks();
    });
    StartRouter();
  }
  ~UnnumberedTest() override { tor_host_->Crash(); }

  void StartRouter() {
    tor_ = std::make_unique<bgp::SimRouter>(
        tor_host_, bgp::SimRouterOptions{.ipv4_by_ipv6_next_hop = true});
    tor_finder_ = std::make_unique<bgp::RouterFinder>(
        bgp::RouterFinderPorts::From(tor_host_->environment()));
    tor_finder_->Follow({"eth0"});
  }
  void KillRouter() {
    tor_host_->Kill();
    tor_ = nullptr;
    tor_finder_ = nullptr;
    tor_host_->Restart();
  }
  std::string NextHop(const char* prefix) const {
    const auto routes = tor_->routes();
    const auto found = routes.find(*net::ParseIpPrefix(prefix));
    if (found == routes.end()) return "no route";
    return net::IpAddress::FromBytes(found->second.next_hop)->ToString();
  }

  io::SimHost* const tor_host_ = world_.AddHost(
      {.name = "tor1", .addresses = {*net::ParseIpPrefix("fe80::a/64")}});
  std::unique_ptr<bgp::SimRouter> tor_;
  std::unique_ptr<bgp::RouterFinder> tor_finder_;
};

TEST_F(UnnumberedTest, TheRouterIsFoundAndToldBothFamilies) {
  desired_.pools[0].ranges.push_back(*net::ParseIpRange("2001:db8:9::/64"));
  Want("default/six", "2001:db8:9::1");
  Change({.services = {"default/six"}, .bgp = true});
  Run(absl::Milliseconds(20));
  EXPECT_EQ(NextHop("192.0.2.1/32"), "fe80::1");
  EXPECT_EQ(NextHop("2001:db8:9::1/128"), "fe80::1");
  EXPECT_THAT(tor_->faults(), IsEmpty());
  EXPECT_THAT(tor_finder_->found().at("eth0").router,
              testing::Optional(*net::ParseIpAddress("fe80::1")));
}

TEST_F(UnnumberedTest, ARouterThatRestartsIsMetAgain) {
  Run(absl::Seconds(1));
  KillRouter();
  Run(absl::Seconds(10));
  StartRouter();
  Run(absl::Seconds(6));
  EXPECT_EQ(NextHop("192.0.2.1/32"), "fe80::1");
}

TEST_F(UnnumberedTest, AnotherRouterTakesThePlaceOfTheFirst) {
  Run(absl::Seconds(1));
  tor_host_->Crash();
  io::SimHost* const next_host = world_.AddHost(
      {.name = "tor2", .addresses = {*net::ParseIpPrefix("fe80::b/64")}});
  bgp::SimRouter next(next_host, {.ipv4_by_ipv6_next_hop = true});
  bgp::RouterFinder finder(
      bgp::RouterFinderPorts::From(next_host->environment()));
  finder.Follow({"eth0"});
  Run(absl::Seconds(60));
  EXPECT_EQ(next.established(), 1);
  EXPECT_THAT(routing_->plan().doubts, IsEmpty());
  next_host->Crash();
}

TEST_F(UnnumberedTest, ALinkThatWasCutTakesThePeerUpAgain) {
  Run(absl::Seconds(1));
  node_host_->SetCarrier(false);
  Run(absl::Seconds(120));
  EXPECT_EQ(tor_->established(), 0);
  EXPECT_THAT(routing_->Peers(), SizeIs(1));
  node_host_->SetCarrier(true);
  Run(absl::Seconds(6));
  EXPECT_EQ(NextHop("192.0.2.1/32"), "fe80::1");
}

TEST_F(UnnumberedTest, WithoutTheObjectNobodyIsAdvertisedTo) {
  Run(absl::Seconds(1));
  desired_.bgp.peers.clear();
  Change({.bgp = true});
  Run(absl::Seconds(1));
  EXPECT_EQ(tor_->established(), 0);
  tor_finder_ = nullptr;
  const uint64_t sent = world_.segment().stats().sent;
  Run(absl::Seconds(60));
  EXPECT_EQ(world_.segment().stats().sent, sent);
}

}  // namespace
}  // namespace lb
