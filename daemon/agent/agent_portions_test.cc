// A node whose manifests change in many services at once takes them up in
// portions; what it announces is, at each moment, what elections say.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/announcing/elected.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/config/desired.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::SizeIs;

constexpr int kMany = 2 * static_cast<int>(kPortion) + 500;

config::Desired DesiredOf(int first, int last, uint16_t port = 80) {
  config::Desired desired;
  desired.pools.push_back(
      {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
  desired.advertisements.push_back({.name = "all"});
  for (int i = first; i < last; ++i) {
    const std::string name = fmt::format("default/s{:05}", i);
    desired.services[name].request = {.service = name,
                                      .service_namespace = "default",
                                      .ports = {{ipam::Protocol::kTcp, port}}};
  }
  return desired;
}

// n1, alone on its segment.
class AgentPortionsTest : public testing::Test {
 protected:
  AgentPortionsTest() : host_(world_.AddHost("n1", "10.1.0.1/24")) {
    AgentOptions options;
    options.node = "n1";
    options.advertise = host_->endpoint();
    agent_ = *Agent::Create(std::move(options), host_->environment());
    agent_->Start();
  }
  ~AgentPortionsTest() override { host_->Crash(); }

  size_t Announced() const {
    return agent_->View().announcing.elected().size();
  }
  // What is announced is as if all services had been looked at.
  void ExpectConsistent() {
    const std::set<net::IpAddress> probed;  // As any other: see below.
    Elected all = ElectedPlaces({.node = agent_->View().options.node,
                                 .entries = agent_->View().entries(),
                                 .placement = agent_->View().placement(),
                                 .pools = agent_->View().desired.pools,
                                 .withheld = agent_->View().owners.withheld(),
                                 .probed = probed})
                      .All();
    ASSERT_THAT(agent_->View().announcing.elected(), SizeIs(all.here.size()));
    for (const auto& [vip, terms] : agent_->View().announcing.elected()) {
      announce::Terms without_role = terms;
      without_role.role = announce::Role::kAnnounce;
      ASSERT_EQ(all.here.at(vip), without_role) << vip.ToString();
    }
  }
  // Returns how many numbers of announced addresses there were on the way. It
  // looks at each number in the turn in which it came to be.
  size_t Run(absl::Duration time) {
    std::set<size_t> announced = {Announced()};
    world_.loop().SetAfterEvent([&] {
      if (announced.insert(Announced()).second) ExpectConsistent();
    });
    world_.loop().RunFor(time);
    world_.loop().SetAfterEvent([] {});
    ExpectConsistent();
    return announced.size();
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentPortionsTest, TheFirstReadingIsAnnouncedInPortions) {
  agent_->SetDesired(DesiredOf(0, kMany));
  // None, some, all: two portions of addresses may meet in one look.
  EXPECT_GE(Run(absl::Seconds(3)), 3u);
  EXPECT_EQ(Announced(), static_cast<size_t>(kMany));
}

TEST_F(AgentPortionsTest, WhatChangesInAllServicesMovesNothing) {
  agent_->SetDesired(DesiredOf(0, kMany));
  Run(absl::Seconds(3));
  const announce::Announcements before = agent_->View().announcing.elected();
  const uint64_t events = agent_->View().last_event_sequence;
  agent_->SetDesired(DesiredOf(0, kMany, /*port=*/81));
  EXPECT_EQ(Run(absl::Seconds(3)), 1u);
  EXPECT_EQ(agent_->View().announcing.elected(), before);
  EXPECT_EQ(agent_->View().last_event_sequence, events);
  EXPECT_FALSE(agent_->View().elections.has_more());
}

TEST_F(AgentPortionsTest, ASecondReloadDuringTheFirstComesToTheSecond) {
  agent_->SetDesired(DesiredOf(0, kMany));
  while (Announced() == 0) world_.loop().RunFor(absl::Milliseconds(1));
  ASSERT_LT(Announced(), static_cast<size_t>(kMany));
  agent_->SetDesired(DesiredOf(kMany / 2, kMany + 100));
  Run(absl::Seconds(10));
  EXPECT_EQ(Announced(), static_cast<size_t>(kMany - kMany / 2 + 100));
  EXPECT_THAT(agent_->View().entries(), SizeIs(kMany - kMany / 2 + 100));
}

TEST_F(AgentPortionsTest, OtherPoolsAreTakenUpByAll) {
  agent_->SetDesired(DesiredOf(0, kMany));
  Run(absl::Seconds(3));
  config::Desired desired = DesiredOf(0, kMany);
  desired.pools.front().announce_despite_proxy = true;
  agent_->SetDesired(desired);
  Run(absl::Seconds(3));
  for (const auto& [vip, terms] : agent_->View().announcing.elected()) {
    ASSERT_TRUE(terms.despite_proxy) << vip.ToString();
  }
  EXPECT_EQ(Announced(), static_cast<size_t>(kMany));
}

// The reader frees them beside the loop, unless the loop has the last reference
// to them: freeing many services takes long.
TEST_F(AgentPortionsTest, NothingKeepsManifestsThatWereReadAgain) {
  auto first = std::make_shared<const config::Desired>(DesiredOf(0, 10));
  const std::weak_ptr<const config::Desired> replaced = first;
  agent_->SetDesired(std::move(first));
  Run(absl::Seconds(3));
  agent_->KeepDesired(
      std::make_shared<const config::Desired>(DesiredOf(0, 10)));
  EXPECT_TRUE(replaced.expired());
}

TEST_F(AgentPortionsTest, ItMayLeaveBetweenTwoPortions) {
  agent_->SetDesired(DesiredOf(0, kMany));
  while (Announced() == 0) world_.loop().RunFor(absl::Milliseconds(1));
  bool left = false;
  agent_->Leave([&] { left = true; });
  world_.loop().RunFor(absl::Seconds(10));
  EXPECT_TRUE(left);
  EXPECT_EQ(Announced(), 0u);
  EXPECT_TRUE(agent_->View().announcing.node().announcer().current().empty());
}

}  // namespace
}  // namespace lb
