// Two nodes, each with a router of its own: which routes one keeps while it
// drains goes by what the other says of its session.
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/members/node_metadata.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/config/desired.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AgentDrainTest : public testing::Test {
 protected:
  AgentDrainTest() {
    desired_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
    desired_.bgp.advertisements = {{.name = "ad"}};
    AddPeer("tor-1", *tor1_host_);
    AddPeer("tor-2", *tor2_host_);
    desired_.services["default/web"].request = {.service = "default/web",
                                                .service_namespace = "default"};
    SetPath(*n1_host_, *tor2_host_, false);
    SetPath(*n2_host_, *tor1_host_, false);
    n1_ = Start(*n1_host_);
    n2_ = Start(*n2_host_);
  }
  ~AgentDrainTest() override {
    for (io::SimHost* const host :
         {n1_host_, n2_host_, tor1_host_, tor2_host_}) {
      host->Crash();
    }
  }

  void AddPeer(const std::string& name, io::SimHost& router) {
    config::BgpPeer& peer = desired_.bgp.peers.emplace_back();
    peer.name = name;
    peer.my_as = {64512};
    peer.peer_as = {{65000}};
    peer.address = router.endpoint().address;
    peer.timers = {.hold = absl::Seconds(3), .keepalive = absl::Seconds(1)};
  }
  void SetPath(io::SimHost& a, io::SimHost& b, bool is_open) {
    io::SimPaths& paths = world_.network().paths();
    if (is_open) {
      paths.Unblock(a, b);
      paths.Unblock(b, a);
    } else {
      paths.Block(a, b);
      paths.Block(b, a);
    }
  }
  std::unique_ptr<Agent> Start(io::SimHost& host) {
    AgentOptions options;
    options.node = host.name();
    options.advertise = host.endpoint();
    options.join = {n1_host_->endpoint()};
    auto agent = *Agent::Create(std::move(options), host.environment());
    agent->Start();
    agent->SetDesired(desired_);
    return agent;
  }
  void Run(absl::Duration time) { world_.loop().RunFor(time); }
  // What n1 has heard of n2.
  bool IsUnrouted() const {
    for (const auto& member : n1_->View().LiveMembers()) {
      if (member.name == "n2") return member.metadata->unrouted;
    }
    return false;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* const n1_host_ = world_.AddHost("n1", "10.1.0.1/24");
  io::SimHost* const n2_host_ = world_.AddHost("n2", "10.1.0.2/24");
  io::SimHost* const tor1_host_ = world_.AddHost("tor1", "10.1.0.253/24");
  io::SimHost* const tor2_host_ = world_.AddHost("tor2", "10.1.0.254/24");
  bgp::SimRouter tor1_{tor1_host_, {}};
  bgp::SimRouter tor2_{tor2_host_, {}};
  config::Desired desired_;
  std::unique_ptr<Agent> n1_;
  std::unique_ptr<Agent> n2_;
};

TEST_F(AgentDrainTest, WhatAnotherNodeToldItsRouterGoes) {
  Run(absl::Seconds(15));
  ASSERT_THAT(tor1_.routes(), SizeIs(1));
  ASSERT_THAT(tor2_.routes(), SizeIs(1));
  EXPECT_FALSE(IsUnrouted());
  ASSERT_TRUE(n1_->Drain().ok());
  Run(absl::Seconds(7));
  EXPECT_THAT(tor1_.routes(), IsEmpty());
}

TEST_F(AgentDrainTest, ANodeWithoutASessionTakesNothingOver) {
  SetPath(*n2_host_, *tor2_host_, false);
  Run(absl::Seconds(15));
  ASSERT_THAT(tor1_.routes(), SizeIs(1));
  EXPECT_TRUE(IsUnrouted());
  ASSERT_TRUE(n1_->Drain().ok());
  Run(absl::Seconds(30));
  EXPECT_THAT(tor1_.RoutesText(), HasSubstr("communities 65535:0"));
  // It gets its session.
  SetPath(*n2_host_, *tor2_host_, true);
  Run(absl::Seconds(15));
  EXPECT_FALSE(IsUnrouted());
  EXPECT_THAT(tor2_.routes(), SizeIs(1));
  EXPECT_THAT(tor1_.routes(), IsEmpty());
  // And loses it.
  SetPath(*n2_host_, *tor2_host_, false);
  Run(absl::Seconds(15));
  EXPECT_TRUE(IsUnrouted());
  EXPECT_THAT(tor1_.RoutesText(), HasSubstr("communities 65535:0"));
}

TEST_F(AgentDrainTest, ANodeWithoutPeersIsNotUnrouted) {
  desired_.bgp.peers.clear();
  n2_->SetDesired(desired_);
  Run(absl::Seconds(15));
  EXPECT_FALSE(IsUnrouted());
}

}  // namespace
}  // namespace lb
