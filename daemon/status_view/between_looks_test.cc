// A question may come between the turn in which a service loses its addresses
// and the one in which elections hear of it.
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/problems/problems.h"
#include "daemon/status_view/status_view.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/io/sim/sim_world.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_range.h"
#include "lb/status/v1/status.pb.h"

namespace lb {
namespace {

config::Desired DesiredOf(int first, int last, bool announced) {
  config::Desired desired;
  desired.pools.push_back(
      {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
  if (announced) desired.advertisements.push_back({.name = "all"});
  for (int i = first; i < last; ++i) {
    const std::string name = fmt::format("default/s{}", i);
    desired.services[name].request = {.service = name,
                                      .service_namespace = "default",
                                      .ports = {{ipam::Protocol::kTcp, 80}}};
  }
  return desired;
}

// Asks every question after each event, so also between the looks.
class BetweenLooksTest : public testing::TestWithParam<bool> {
 protected:
  BetweenLooksTest() : host_(world_.AddHost("n1", "10.1.0.1/24")) {
    AgentOptions options;
    options.node = "n1";
    options.advertise = host_->endpoint();
    agent_ = *Agent::Create(std::move(options), host_->environment());
    agent_->Start();
  }
  ~BetweenLooksTest() override { host_->Crash(); }

  void AskAll() {
    const NodeView node = agent_->View();
    const StatusView view(node);
    asked_apart_ += node.placement().size() > node.entries().size() ? 1 : 0;
    view.DescribeNode();
    ListProblems(node);
    EXPECT_TRUE(view.ListServices({}).ok());
    EXPECT_TRUE(view.ListPools({}).ok());
    for (int i = 0; i < kServices; ++i) {
      // NotFound, once it is gone.
      (void)view.Explain(fmt::format("default/s{}", i));
    }
  }
  void Run(absl::Duration time) {
    world_.loop().SetAfterEvent([this] { AskAll(); });
    world_.loop().RunFor(time);
    world_.loop().SetAfterEvent([] {});
  }

  static constexpr int kServices = 10;
  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  std::unique_ptr<Agent> agent_;
  int asked_apart_ = 0;  // While elections did not know of all that went.
};

TEST_P(BetweenLooksTest, EachQuestionIsAnsweredWhenServicesGo) {
  const bool announced = GetParam();
  agent_->SetDesired(DesiredOf(0, kServices, announced));
  Run(absl::Seconds(3));
  ASSERT_EQ(agent_->View().placement().size(), static_cast<size_t>(kServices));
  for (int left = kServices - 1; left >= 0; --left) {
    agent_->SetDesired(DesiredOf(kServices - left, kServices, announced));
    Run(absl::Milliseconds(100));
  }
  Run(absl::Seconds(10));
  EXPECT_TRUE(agent_->View().placement().empty());
  EXPECT_GT(asked_apart_, 0);
}

INSTANTIATE_TEST_SUITE_P(Announced, BetweenLooksTest, testing::Bool());

}  // namespace
}  // namespace lb
