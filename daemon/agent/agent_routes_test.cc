// A node with a router: what changes in memory is sent on the next turn of the
// loop, however many services there are and whatever else the node looks at.
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/agent/route_runner.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kUpdate = 2;

class AgentRoutesTest : public testing::Test {
 protected:
  AgentRoutesTest() {
    AgentOptions options;
    options.node = "n1";
    options.advertise = host_->endpoint();
    options.delivery = Delivery::kLoopback;
    agent_ = *Agent::Create(std::move(options), host_->environment());
    agent_->Start();
    desired_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
    desired_.bgp.advertisements = {{.name = "ad"}};
    config::BgpPeer peer;
    peer.name = "tor";
    peer.my_as = {64512};
    peer.peer_as = {{65000}};
    peer.address = router_host_->endpoint().address;
    desired_.bgp.peers = {peer};
  }
  ~AgentRoutesTest() override {
    host_->Crash();
    router_host_->Crash();
  }

  static std::string NameOf(int i) { return fmt::format("default/s{:05}", i); }
  void Add(int first, int last) {
    for (int i = first; i < last; ++i) {
      desired_.services[NameOf(i)].request = {.service = NameOf(i),
                                              .service_namespace = "default"};
    }
  }
  // The objects are in force, and told.
  void Begin(int services) {
    Add(0, services);
    agent_->SetDesired(desired_);
    Run(absl::Seconds(5));
    ASSERT_EQ(Told().advertised, static_cast<size_t>(services));
  }
  void Run(absl::Duration time) { world_.loop().RunFor(time); }
  void SetDesired(const config::Difference& difference) {
    agent_->SetDesired(std::make_shared<const config::Desired>(desired_),
                       difference);
  }
  void LoseEndpoints(int i) {
    desired_.services.at(NameOf(i)).traffic.endpoints.emplace();
    SetDesired({.services = {NameOf(i)}});
  }
  bgp::FamilyStatus Told() const {
    return agent_->View().routing.Peers().at(0).of_family[0];
  }
  size_t CountEvents(const std::string& reason) const {
    size_t count = 0;
    for (const Event& event : host_->log().Since(0)) {
      if (event.reason == reason) ++count;
    }
    return count;
  }
  uint64_t UpdatesSent() const {
    return agent_->View().routing.Peers().at(0).counters.updates_sent;
  }
  // One turn of the loop, which takes no time.
  void RunOneTurn() {
    const absl::Time now = world_.loop().Now();
    const uint64_t turns = world_.loop().events_run();
    ASSERT_TRUE(world_.loop().RunUntil(
        [&] { return world_.loop().events_run() > turns; },
        absl::ZeroDuration()));
    ASSERT_EQ(world_.loop().Now(), now);
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_ = world_.AddHost("n1", "10.1.0.1/24");
  io::SimHost* router_host_ = world_.AddHost("tor", "10.1.0.254/24");
  bgp::SimRouter router_{router_host_, {}};
  config::Desired desired_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentRoutesTest, AServiceThatDiesIsWithdrawnOnTheNextTurn) {
  Begin(3);
  for (int i = 0; i < 3; ++i) {
    LoseEndpoints(i);
    const uint64_t before = UpdatesSent();
    RunOneTurn();
    EXPECT_EQ(UpdatesSent(), before + 1);
    EXPECT_EQ(Told().advertised, 2u - static_cast<size_t>(i));
    Run(absl::Milliseconds(1));  // Less than any look waits.
  }
  Run(absl::Seconds(1));
  EXPECT_THAT(router_.routes(), IsEmpty());
}

TEST_F(AgentRoutesTest, ADrainIsToldOnTheNextTurn) {
  Begin(1);
  ASSERT_TRUE(agent_->Drain().ok());
  const uint64_t before = UpdatesSent();
  RunOneTurn();
  EXPECT_EQ(UpdatesSent(), before + 1);
  Run(absl::Seconds(1));
  EXPECT_THAT(router_.RoutesText(), HasSubstr("communities 65535:0"));
  ASSERT_TRUE(agent_->Undrain().ok());
  RunOneTurn();
  EXPECT_EQ(UpdatesSent(), before + 2);
}

TEST_F(AgentRoutesTest, AnotherAdvertisementIsToldOnTheNextTurn) {
  Begin(10);
  desired_.bgp.advertisements[0].med = 7;
  SetDesired({.bgp = true});
  const uint64_t before = UpdatesSent();
  RunOneTurn();
  EXPECT_EQ(UpdatesSent(), before + 1);
  EXPECT_EQ(Told().pending, 0u);
}

TEST_F(AgentRoutesTest, WhatIsRoutedIsOnTheLoopbackInterface) {
  Begin(3);
  EXPECT_THAT(host_->installer().installed(), SizeIs(3));
  LoseEndpoints(0);
  Run(absl::Seconds(1));
  EXPECT_THAT(host_->installer().installed(), SizeIs(2));
}

// An address is on disk before it counts, and a router is told only then.
TEST_F(AgentRoutesTest, ANewServiceIsToldOnTheTurnAfterItHasItsAddress) {
  Begin(1);
  Add(1, 2);
  SetDesired({.services = {NameOf(1)}});
  ASSERT_TRUE(world_.loop().RunUntil(
      [&] {
        const auto& entries = agent_->View().entries();
        const auto entry = entries.find(NameOf(1));
        return entry != entries.end() &&
               !entry->second.assignment.addresses.empty();
      },
      absl::Seconds(1)));
  RunOneTurn();
  EXPECT_EQ(Told().advertised, 2u);
}

class AgentManyRoutesTest : public AgentRoutesTest {
 protected:
  static constexpr int kMany = 2'500;  // Four UPDATEs.
};

TEST_F(AgentManyRoutesTest, ManyServicesTakeAFewUpdates) {
  Begin(1);
  int before = router_.heard(kUpdate);
  Add(1, kMany);
  agent_->SetDesired(desired_);
  Run(absl::Seconds(5));
  EXPECT_THAT(router_.routes(), SizeIs(kMany));
  EXPECT_THAT(host_->installer().installed(), SizeIs(kMany));
  EXPECT_EQ(router_.heard(kUpdate) - before, 4);
  before = router_.heard(kUpdate);
  desired_.services.clear();
  agent_->SetDesired(desired_);
  const absl::Time now = world_.loop().Now();
  ASSERT_TRUE(world_.loop().RunUntil(
      [&] { return Told().advertised + Told().pending == 0; },
      absl::ZeroDuration()))
      << "all of them go without a wait";
  EXPECT_EQ(world_.loop().Now(), now);
  Run(absl::Seconds(1));
  EXPECT_THAT(router_.routes(), IsEmpty());
  EXPECT_EQ(router_.heard(kUpdate) - before, 4);
  EXPECT_THAT(router_.faults(), IsEmpty());
  EXPECT_THAT(host_->installer().installed(), IsEmpty());
}

// Routers hear of them first; elections, events and the history follow.
TEST_F(AgentManyRoutesTest, LooksWaitForTheRoutesOfManyServices) {
  Begin(1);
  Add(1, kMany);
  SetDesired(config::DifferenceOf(agent_->View().desired, desired_));
  ASSERT_TRUE(world_.loop().RunUntil(
      [&] { return Told().advertised == kMany && Told().pending == 0; },
      absl::Seconds(1)));
  EXPECT_LT(agent_->View().placement().size(), 10u);
  EXPECT_EQ(CountEvents("IPAllocated"), 1u);
  const uint64_t events = agent_->View().last_event_sequence;
  Run(absl::Seconds(1));
  EXPECT_THAT(agent_->View().placement(), SizeIs(kMany));
  // Each has an address, and is announced.
  EXPECT_GE(agent_->View().last_event_sequence - events, 2u * (kMany - 1));
}

TEST_F(AgentManyRoutesTest, LooksDoNotWaitForADiskThatHangs) {
  Begin(2);
  host_->state().SetWriteTime(absl::Seconds(10));
  Add(2, kMany);
  SetDesired(config::DifferenceOf(agent_->View().desired, desired_));
  Run(absl::Milliseconds(20));
  desired_.services.erase(NameOf(0));
  SetDesired({.services = {NameOf(0)}});
  Run(RouteRunner::kFirstMax / 2);
  EXPECT_EQ(CountEvents("ServiceRemoved"), 0u);
  Run(RouteRunner::kFirstMax);
  EXPECT_EQ(CountEvents("ServiceRemoved"), 1u);
}

TEST_F(AgentManyRoutesTest, AServiceThatDiesWaitsForNoOther) {
  Begin(1);
  Add(1, kMany);
  SetDesired(config::DifferenceOf(agent_->View().desired, desired_));
  // The first portion is assigned. The others are long on their way.
  ASSERT_TRUE(world_.loop().RunUntil(
      [&] { return agent_->View().addresses.ledger().size() > 1; },
      absl::Seconds(1)));
  host_->state().SetWriteTime(absl::Seconds(1));
  ASSERT_TRUE(world_.loop().RunUntil([&] { return Told().pending > 0; },
                                     absl::Seconds(1)))
      << "some wait for others";
  LoseEndpoints(0);
  ASSERT_TRUE(world_.loop().RunUntil([&] { return Told().pending == 0; },
                                     absl::ZeroDuration()));
  EXPECT_LT(Told().advertised, static_cast<size_t>(kMany - 1));
  Run(absl::Seconds(5));
  EXPECT_THAT(router_.routes(), SizeIs(kMany - 1));
}

}  // namespace
}  // namespace lb
