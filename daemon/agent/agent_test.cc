// An agent carries out its operator's calls, in this order.
#include "daemon/agent/agent.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/ports.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/host_port.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// n1 with the service default/a; n2 may be a member.
class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    AgentOptions options;
    options.node = "n1";
    options.advertise = n1_->endpoint();
    options.drain_on = {"deletion", "cordon"};
    agent_ = *Agent::Create(std::move(options), n1_->environment());
    agent_->Start();
    config::Desired& desired = desired_;
    desired.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/24")}});
    desired.advertisements.push_back({.name = "all"});
    desired.services["default/a"].request = {
        .service = "default/a",
        .service_namespace = "default",
        .ports = {{ipam::Protocol::kTcp, 80}}};
    agent_->SetDesired(std::make_shared<config::Desired>(desired_));
    RunFor(absl::Seconds(3));
  }
  ~AgentTest() override {
    n1_->Crash();
    n2_->Crash();
  }

  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  // A member without metadata, as a MetalLB speaker is.
  void AddSpeaker() {
    speaker_ = *gossip::GossipNode::Create(
        {.self = {.name = "n2", .endpoint = n2_->endpoint()}},
        gossip::Ports::From(n2_->environment()));
    speaker_->Start();
    ASSERT_TRUE(speaker_->Join({n1_->endpoint()}).ok());
    RunFor(absl::Seconds(3));
    ASSERT_THAT(agent_->View().LiveMembers(), SizeIs(2));
  }
  size_t Announced() { return agent_->View().announcing.elected().size(); }
  // The reasons of the events since `sequence`.
  std::vector<std::string> Reasons(uint64_t sequence) {
    std::vector<std::string> reasons;
    for (const Event& event : n1_->log().Since(sequence)) {
      reasons.push_back(event.reason);
    }
    return reasons;
  }

  // The Node object of n1 has these from now on.
  void SetMarks(std::vector<std::string> marks) {
    desired_.nodes["n1"] = {.name = "n1", .marks = std::move(marks)};
    agent_->SetDesired(std::make_shared<config::Desired>(desired_));
    RunFor(absl::Seconds(1));
  }

  config::Desired desired_;
  io::SimWorld world_{/*seed=*/1};
  io::SimHost* n1_ = world_.AddHost("n1", "10.1.0.1/24");
  io::SimHost* n2_ = world_.AddHost("n2", "10.1.0.2/24");
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<gossip::GossipNode> speaker_;
};

TEST_F(AgentTest, AnnouncesWhatItIsElectedForAndThenIsQuiet) {
  EXPECT_EQ(Announced(), 1u);
  const uint64_t events = agent_->View().last_event_sequence;
  RunFor(absl::Minutes(1));
  EXPECT_THAT(Reasons(events), IsEmpty());
}

TEST_F(AgentTest, ADrainIsRefusedWhileAMemberTakesNothing) {
  AddSpeaker();
  const absl::Status drained = agent_->Drain();
  EXPECT_EQ(drained.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(drained.message(), HasSubstr("member n2 is no lbd"));
  EXPECT_FALSE(agent_->View().drain.is_on);
}

// The reason that an operator can do nothing about goes first.
TEST_F(AgentTest, ANodeThatLeavesSaysSoWhateverItsMembersAre) {
  AddSpeaker();
  agent_->Leave([] {});
  EXPECT_EQ(agent_->Drain().message(), "drain: is leaving");
  EXPECT_EQ(agent_->Undrain().message(), "undrain: is leaving");
}

TEST_F(AgentTest, DrainsWithoutOthersAndKeepsWhatNoOtherCanTake) {
  EXPECT_TRUE(agent_->Drain().ok());
  EXPECT_TRUE(agent_->View().drain.is_on);
  RunFor(absl::Seconds(3));
  EXPECT_EQ(Announced(), 1u);
  EXPECT_TRUE(agent_->Undrain().ok());
  EXPECT_FALSE(agent_->View().drain.is_on);
}

TEST_F(AgentTest, DrainsWhileItsNodeObjectHasAMarkOfDrainOn) {
  SetMarks({"a/b"});
  EXPECT_FALSE(agent_->View().drain.is_on);
  SetMarks({"a/b", "cordon"});
  EXPECT_TRUE(agent_->View().drain.is_on);
  EXPECT_EQ(agent_->View().drain.mark, "cordon");
  EXPECT_EQ(Announced(), 1u);  // There is no other node.
  SetMarks({});
  EXPECT_FALSE(agent_->View().drain.is_on);
}

TEST_F(AgentTest, LeavesOnceAndThenAnnouncesNothing) {
  int left = 0;
  agent_->Leave([&] { ++left; });
  EXPECT_EQ(left, 0);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(left, 1);
  EXPECT_EQ(Announced(), 0u);
  EXPECT_THAT(agent_->View().LiveMembers(), IsEmpty());
  EXPECT_EQ(agent_->View().history.entries().begin()->second.end,
            history::HistoryEnd::kStopped);
}

// Only if pools differ can their terms differ.
TEST_F(AgentTest, OtherServicesLeaveTheTermsOfPoolsAlone) {
  auto desired = std::make_shared<config::Desired>(agent_->View().desired);
  desired->services.clear();
  agent_->SetDesired(std::move(desired), {.services = {"default/a"}});
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Announced(), 0u);
  EXPECT_THAT(agent_->View().entries(), IsEmpty());
}

}  // namespace
}  // namespace lb
