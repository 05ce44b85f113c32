// Routing in front of a simulated router.
#include "daemon/routing/routing.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kWeb[] = "default/web";

class RoutingTest : public testing::Test {
 protected:
  RoutingTest() {
    config::BgpPeer peer;
    peer.name = "tor";
    peer.my_as = {64512};
    peer.peer_as = {{65000}};
    peer.address = router_host_->endpoint().address;
    desired_.bgp.peers = {peer};
    desired_.bgp.advertisements = {{.name = "all"}};
    desired_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("192.0.2.0/24")}});
    Want(kWeb, "192.0.2.1");
    Start();
  }
  ~RoutingTest() override {
    node_host_->Crash();
    router_host_->Crash();
  }

  void Start() {
    routing_ = std::make_unique<Routing>(
        Routing::Options{.identity = {.node = "n1"}, .boot_id = "boot"},
        node_host_->environment(), [this] { look_due_ = true; });
    routing_->SetDesired(desired_, {.bgp = true});
    for (const auto& [service, entry] : entries_) changed_.insert(service);
  }

  void Want(const std::string& service, const char* address) {
    desired_.services[service].request = {.service = service,
                                          .service_namespace = "default"};
    entries_[service].assignment = {
        .addresses = {{*net::ParseIpAddress(address), "p"}}};
    changed_.insert(service);
  }
  // Objects are others than before.
  void Change(const config::Difference& difference) {
    routing_->SetDesired(desired_, difference);
    look_due_ = true;
  }

  // Looks whenever it is due, for so long.
  void Run(absl::Duration time) {
    const absl::Time end = world_.loop().Now() + time;
    while (world_.loop().Now() < end) {
      if (std::exchange(look_due_, false)) Look();
      world_.loop().RunFor(absl::Milliseconds(1));
    }
  }
  void Look() {
    ++looks_;
    routing_->Update({.acts = acts_,
                      .draining = draining_,
                      .desired = desired_,
                      .entries = entries_,
                      .changed = std::exchange(changed_, {}),
                      .withheld = withheld_,
                      .members = [] { return std::vector<std::string>{"n1"}; },
                      .others = [this] { return others_; }});
  }
  std::string Routes() const {
    std::string text;
    for (const auto& [prefix, held] : router_->routes()) {
      text += prefix.ToString() + " " + held.attributes.ToString() + "\n";
    }
    return text;
  }

  io::SimWorld world_{1};
  io::SimHost* const node_host_ = world_.AddHost("n1", "10.0.0.1/24");
  io::SimHost* const router_host_ = world_.AddHost("tor", "10.0.0.254/24");
  std::unique_ptr<bgp::SimRouter> router_ =
      std::make_unique<bgp::SimRouter>(router_host_, bgp::SimRouterOptions{});
  config::Desired desired_;
  AddressEntries entries_;
  RoutePlanner::Services changed_;
  std::map<net::IpAddress, absl::Time> withheld_;
  std::vector<std::string> others_;
  bool acts_ = true;
  bool draining_ = false;
  bool look_due_ = true;
  int looks_ = 0;
  std::unique_ptr<Routing> routing_;
};

TEST_F(RoutingTest, ARouterIsToldOnceTheNodeActs) {
  acts_ = false;
  Run(absl::Seconds(2));
  EXPECT_EQ(router_->dials(), 0);
  acts_ = look_due_ = true;
  Run(absl::Milliseconds(20));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
  EXPECT_THAT(router_->complete(), SizeIs(1));
  Want("default/two", "192.0.2.2");
  Change({.services = {"default/two"}});
  Run(absl::Milliseconds(20));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n192.0.2.2/32 \n");
  EXPECT_THAT(routing_->addresses(), SizeIs(2));
  EXPECT_THAT(router_->faults(), IsEmpty());
}

// Else the End-of-RIB of a node that restarted would come before its routes,
// and a router that kept them would drop them.
TEST_F(RoutingTest, NoSessionBeginsBeforeEachServiceWasLookedUp) {
  Want("default/two", "192.0.2.2");
  AddressEntries known = std::exchange(entries_, {});
  changed_.clear();
  Start();
  Run(absl::Milliseconds(500));
  EXPECT_EQ(router_->dials(), 0);
  const auto two = known.extract("default/two");
  entries_ = known;
  changed_ = {kWeb};
  look_due_ = true;
  Run(absl::Milliseconds(500));
  EXPECT_EQ(router_->dials(), 0);
  // Without an address, for a reason that it has.
  entries_["default/two"] = {};
  changed_ = {"default/two"};
  look_due_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
  EXPECT_EQ(router_->established(), 1);
}

TEST_F(RoutingTest, AServiceThatIsNotLookedUpHoldsSessionsUpForAWhileOnly) {
  entries_.clear();
  changed_.clear();
  Start();
  Run(Routing::kWholeMax + absl::Milliseconds(50));
  EXPECT_EQ(router_->established(), 1);
}

TEST_F(RoutingTest, ANodeThatCeasesToActBeforeItBeganOnlyWaits) {
  entries_.clear();
  changed_.clear();
  Start();
  Run(absl::Milliseconds(100));
  acts_ = false;
  look_due_ = true;
  looks_ = 0;
  Run(Routing::kWholeMax * 2);
  EXPECT_LE(looks_, 2);
  EXPECT_EQ(router_->dials(), 0);
}

TEST_F(RoutingTest, NothingIsOpenedWithoutPeers) {
  desired_.bgp = {};
  Start();
  Run(absl::Seconds(5));
  EXPECT_EQ(router_->dials(), 0);
  EXPECT_THAT(routing_->Peers(), IsEmpty());
  EXPECT_THAT(routing_->addresses(), IsEmpty());
}

TEST_F(RoutingTest, AnAddressOfAHostIsNoRoute) {
  Run(absl::Seconds(1));
  withheld_[*net::ParseIpAddress("192.0.2.1")] = world_.loop().Now();
  look_due_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "");
}

TEST_F(RoutingTest, ADrainMakesRoutersPreferOthersThenWithdraws) {
  Run(absl::Seconds(1));
  others_ = {"n2"};
  draining_ = look_due_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 communities 65535:0\n");
  Run(absl::Seconds(6));
  EXPECT_EQ(Routes(), "");
  EXPECT_EQ(router_->established(), 1);
  draining_ = false;
  look_due_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
  EXPECT_THAT(router_->ends(), IsEmpty());
}

TEST_F(RoutingTest, ADrainKeepsWhatNoOtherNodeAnnounces) {
  Run(absl::Seconds(1));
  draining_ = look_due_ = true;
  Run(absl::Seconds(10));
  EXPECT_EQ(Routes(), "192.0.2.1/32 communities 65535:0\n");
}

TEST_F(RoutingTest, AStopWithdrawsAndSaysWhy) {
  Run(absl::Seconds(1));
  routing_->Leave();
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "");
  EXPECT_THAT(router_->ends(), ElementsAre("6/2 lbd is stopping"));
}

TEST_F(RoutingTest, AProcessThatIsStartedAgainKeepsItsRoutesAtTheRouter) {
  router_->options().restart_seconds = 120;
  desired_.bgp.peers[0].graceful_restart = true;
  Start();
  Run(absl::Seconds(1));
  ASSERT_EQ(Routes(), "192.0.2.1/32 \n");
  routing_->Leave();
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n") << "stale, and kept";
  Start();
  look_due_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
  EXPECT_EQ(router_->established(), 1);
  EXPECT_THAT(router_->faults(), IsEmpty());
}

// Found by chaos (tests/sim/chaos/bgp): the next process did not know of it.
TEST_F(RoutingTest, ARestartThatIsPromisedLaterKeepsRoutesToo) {
  router_->options().restart_seconds = 120;
  Run(absl::Seconds(1));
  desired_.bgp.peers[0].graceful_restart = true;
  Change({.bgp = true});
  Run(absl::Seconds(1));
  routing_->Leave();
  Run(absl::Seconds(1));
  ASSERT_EQ(Routes(), "192.0.2.1/32 \n") << "stale, and kept";
  Start();
  look_due_ = true;
  Run(absl::Seconds(1));
  const bgp::HeardBytes restart = router_->open().capabilities.find(64)->second;
  EXPECT_NE(restart[0] & 0x80, 0) << "it says that it has restarted";
  EXPECT_NE(restart[5] & 0x80, 0) << "and that it forwarded all the time";
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
}

TEST_F(RoutingTest, OnlyAPeerWithOtherOptionsIsReset) {
  Run(absl::Seconds(1));
  desired_.bgp.advertisements[0].med = 7;
  Change({.bgp = true});
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 MED 7\n");
  EXPECT_THAT(router_->ends(), IsEmpty());
  desired_.bgp.peers[0].timers.hold = absl::Seconds(30);
  desired_.bgp.peers[0].timers.keepalive = absl::Seconds(10);
  Change({.bgp = true});
  Run(absl::Seconds(1));
  EXPECT_THAT(router_->ends(), SizeIs(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 MED 7\n");
}

}  // namespace
}  // namespace lb
