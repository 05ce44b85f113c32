// Routing in front of a simulated router.
#include "daemon/routing/routing.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/routing/testing/routing_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

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
  EXPECT_THAT(routing_->planner().addresses(), SizeIs(2));
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
  EXPECT_THAT(routing_->planner().addresses(), IsEmpty());
}

TEST_F(RoutingTest, AnAddressOfAHostIsNoRoute) {
  Run(absl::Seconds(1));
  withheld_[*net::ParseIpAddress("192.0.2.1")] = world_.loop().Now();
  withheld_version_ = 1;
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

// With a session that is up, and services that come and go.
class RouteChangesTest : public RoutingTest {
 protected:
  static constexpr int kMany = 10'000;
  static constexpr int kUpdate = 2;

  RouteChangesTest() { Run(absl::Seconds(1)); }

  static std::string NameOf(int i) { return fmt::format("default/s{:05}", i); }
  // Services first to last, without the last; with addresses, or they go.
  config::Difference Add(int first, int last) {
    config::Difference difference;
    for (int i = first; i < last; ++i) {
      const auto address =
          net::IpAddress::Ipv4(0x64400000 + static_cast<uint32_t>(i));
      Want(NameOf(i), address.ToString().c_str());
      difference.services.push_back(NameOf(i));
    }
    return difference;
  }
  config::Difference Remove(int first, int last) {
    config::Difference difference;
    for (int i = first; i < last; ++i) {
      desired_.services.erase(NameOf(i));
      difference.services.push_back(NameOf(i));
    }
    return difference;
  }
  // The service has no endpoint any more.
  void LoseEndpoints(const std::string& service) {
    desired_.services.at(service).traffic.endpoints.emplace();
    Change({.services = {service}});
  }
  bgp::FamilyStatus Told() const {
    return routing_->Peers().at(0).of_family[0];
  }
  int Heard() const { return router_->heard(kUpdate); }
};

TEST_F(RouteChangesTest, AChangeIsSentByOneUpdate) {
  EXPECT_EQ(Told().advertised, 1u);
  LoseEndpoints(kWeb);
  Look();
  EXPECT_EQ(Told().advertised, 0u);
  EXPECT_EQ(Told().pending, 0u);
  draining_ = true;
  Change(Add(0, 1));
  Look();
  EXPECT_EQ(Told().advertised, 1u);
  draining_ = false;
  Look();
  EXPECT_EQ(Told().pending, 0u);
  Run(absl::Milliseconds(20));
  EXPECT_EQ(Routes(), "100.64.0.0/32 \n");
}

TEST_F(RouteChangesTest, ManyServicesTakeAFewUpdates) {
  int before = Heard();
  Change(Add(0, kMany));
  Run(absl::Milliseconds(50));
  EXPECT_THAT(router_->routes(), SizeIs(kMany + 1));
  EXPECT_EQ(Heard() - before, 13);
  before = Heard();
  Change(Remove(0, kMany));
  Run(absl::Milliseconds(50));
  EXPECT_THAT(router_->routes(), SizeIs(1));
  EXPECT_EQ(Heard() - before, 13);
  before = Heard();
  Change(Add(0, kMany));
  Run(absl::Milliseconds(50));
  before = Heard();
  desired_.bgp.advertisements[0].med = 7;
  Change({.bgp = true});
  Run(absl::Milliseconds(50));
  EXPECT_LE(Heard() - before, 13);
}

TEST_F(RouteChangesTest, AddressesThatComeOneAfterTheOtherTakeAFewUpdates) {
  const int before = Heard();
  for (int i = 0; i < kMany; i += 1000) {
    awaited_ = static_cast<size_t>(kMany - i - 1000);
    Change(Add(i, i + 1000));
    Run(absl::Milliseconds(100));
  }
  EXPECT_EQ(Told().pending, 0u);
  EXPECT_THAT(router_->routes(), SizeIs(kMany + 1));
  EXPECT_EQ(Heard() - before, 13);
}

TEST_F(RouteChangesTest, OneUpdatePlansAFewPortionsOnly) {
  const int portions = Routing::kPortionsMax * static_cast<int>(kPortion);
  Change(Add(0, portions + 1));
  Look();
  EXPECT_TRUE(routing_->planner().has_more());
  EXPECT_TRUE(look_due_);
  EXPECT_THAT(routing_->planner().addresses(), SizeIs(portions + 1));
  Run(absl::Milliseconds(50));
  EXPECT_THAT(router_->routes(), SizeIs(portions + 2));
}

// The last ones of many are waited for, a few from the beginning are not.
TEST_F(RouteChangesTest, AFewThatAreAwaitedAreWaitedForAfterManyOnly) {
  awaited_ = Routing::kFew;
  Add(0, 100);
  Look();
  EXPECT_EQ(Told().pending, 0u);
  awaited_ = Routing::kFew + 1;
  Add(100, 200);
  Look();
  EXPECT_EQ(Told().pending, 100u);
  awaited_ = 1;
  Look();
  EXPECT_EQ(Told().pending, 100u);
  awaited_ = 0;
  Look();
  EXPECT_EQ(Told().pending, 0u);
}

TEST_F(RouteChangesTest, WhatDoesNotComeIsNotWaitedForLong) {
  awaited_ = 1000;
  Add(0, 100);
  Look();
  Run(absl::Milliseconds(200));
  EXPECT_EQ(Told().pending, 100u);
  Run(absl::Milliseconds(60));
  EXPECT_EQ(Told().pending, 0u);
}

TEST_F(RouteChangesTest, AServiceThatDiesWaitsForNoOther) {
  Change(Add(0, kMany));
  awaited_ = 1000;  // And more to come.
  Look();
  ASSERT_GT(Told().pending, 0u);
  LoseEndpoints(kWeb);
  Look();
  EXPECT_EQ(Told().pending, 0u);
  Run(absl::Milliseconds(1));
  EXPECT_THAT(Routes(), Not(HasSubstr("192.0.2.1/32")));
}

// The router takes no connection at the port that this node dials.
TEST_F(RoutingTest, ARouterMayDialWhereTheNodeListens) {
  desired_.bgp.peers[0].port = 9;
  const net::Endpoint at = {node_host_->endpoint().address, 1790};
  Start();
  router_->Dial(at);
  Run(absl::Seconds(1));
  EXPECT_EQ(router_->established(), 0);  // Nothing listens by default.
  listen_ = {net::IpAddress::Ipv6(0), at.port};
  Start();
  Run(absl::Seconds(1));
  router_->Dial(at);
  Run(absl::Seconds(1));
  EXPECT_EQ(Routes(), "192.0.2.1/32 \n");
}

}  // namespace
}  // namespace lb
