// A node that is told to leave ends within seconds, even if its handovers fail.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/gossip_node.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

constexpr absl::Duration kSettled = absl::Seconds(20);
// Half a second for others to take over, a second for the goodbye and for
// packets that are under way.
constexpr absl::Duration kEnds = absl::Seconds(3);

class LeavingTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    cluster_.SetManifests(Basics() + ServiceManifest("a") +
                          ServiceManifest("b") + ServiceManifest("c"));
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  }
  // The node that announces one of the services.
  std::string Owner() {
    return cluster_.AnnouncersOf(cluster_.AddressOf("n1", "a"))[0];
  }
  void Leave(const std::string& node) {
    cluster_.agent(node).Leave([this, node] {
      cluster_.Kill(node);
      left_.insert(node);
    });
  }

  absl::Duration step_ = GetParam() * absl::Milliseconds(50);
  Cluster cluster_{/*seed=*/static_cast<uint64_t>(GetParam() + 1),
                   /*nodes=*/3};
  std::set<std::string> left_;
};

TEST_P(LeavingTest, EndsThoughItsServicesGo) {
  const std::string owner = Owner();
  Leave(owner);
  cluster_.RunFor(step_);
  cluster_.SetManifests(Basics());
  cluster_.RunFor(kEnds);
  EXPECT_THAT(left_, testing::ElementsAre(owner)) << cluster_.Dump();
}

TEST_P(LeavingTest, AllEndThoughTheyHandOverToEachOther) {
  for (const std::string& node : cluster_.names()) {
    Leave(node);
    cluster_.RunFor(step_);
  }
  cluster_.RunFor(kEnds);
  EXPECT_EQ(left_.size(), 3u) << cluster_.Dump();
}

// Beside a speaker of MetalLB a node says goodbye before others announce its
// addresses, and announces them once more as its members go. A node that had
// taken one over left it to that node, which then ended.
TEST(LeavingBesideASpeakerTest, WhatAnotherNodeTakesOverGoesOnBeingAnswered) {
  constexpr absl::Duration kStep = absl::Milliseconds(10);
  constexpr absl::Duration kSilenceMax = absl::Milliseconds(300);
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  std::string manifests = Basics();
  for (int i = 1; i <= 5; ++i) {
    manifests += ServiceManifest("s" + std::to_string(i));
  }
  cluster.SetManifests(manifests);
  cluster.Start("n1");
  cluster.Start("n2");
  const auto speaker = cluster.StartPeer("n3", "n1");
  cluster.RunFor(absl::Seconds(20));
  std::map<std::string, absl::Duration> silences;  // Of what n2 announces.
  for (int i = 201; i <= 205; ++i) {
    const std::string vip = "172.18.8." + std::to_string(i);
    if (cluster.AnnouncersOf(vip) == std::vector<std::string>{"n2"}) {
      silences[vip];
    }
  }
  cluster.agent("n2").Leave([&cluster] { cluster.Kill("n2"); });
  for (absl::Duration at; at < absl::Seconds(5); at += kStep) {
    cluster.RunFor(kStep);
    for (auto& [vip, silence] : silences) {
      if (cluster.AnnouncersOf(vip).empty()) silence += kStep;
    }
  }
  size_t taken_over = 0;
  for (const auto& [vip, silence] : silences) {
    if (cluster.AnnouncersOf(vip).empty()) continue;  // The speaker has it.
    ++taken_over;
    EXPECT_LE(silence, kSilenceMax) << vip << "\n" << cluster.Dump();
  }
  EXPECT_GT(taken_over, 0u);
  cluster.Crash("n3");
}

INSTANTIATE_TEST_SUITE_P(Steps, LeavingTest, testing::Range(0, 20));

}  // namespace
}  // namespace lb
