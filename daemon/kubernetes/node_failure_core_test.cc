// The facts that follow from reports, lists and probes.
#include "daemon/kubernetes/node_failure_core.h"

#include <map>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

class NodeFailureCoreTest : public testing::Test {
 protected:
  NodeFailureCoreTest() {
    for (const char* node : {"n1", "n2", "n3"}) {
      core_.SetReport(now_, node, {}, /*is_news=*/false);
    }
    core_.BeginFollowing(now_ - kFollowFirst);
    core_.SetNodes(now_, {{"n1", true}, {"n2", true}, {"n3", true}});
  }
  void Lose(const std::string& node) {
    for (const char* by : {"n1", "n2", "n3"}) {
      if (by != node) core_.SetReport(now_, by, {node}, /*is_news=*/true);
    }
  }
  void Find() {
    for (const char* by : {"n1", "n2", "n3"}) {
      core_.SetReport(now_, by, {}, /*is_news=*/true);
    }
  }
  void ProbeAll(const std::string& silent) {
    for (const char* node : {"n1", "n2", "n3"}) {
      core_.OnProbe(now_, node, node != silent);
    }
  }
  std::string VerdictOf(const std::string& node) {
    const auto decisions = core_.Judge({now_, true, true});
    const auto found = decisions.find(node);
    return found == decisions.end()
               ? "none"
               : std::string(ToString(found->second.verdict));
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  NodeFailureCore core_{{.enabled = true}, "c1"};
};

TEST_F(NodeFailureCoreTest, FromTheFirstReportToTheMark) {
  EXPECT_FALSE(core_.is_busy(now_));
  now_ += absl::Minutes(1);
  Lose("n3");
  EXPECT_TRUE(core_.is_busy(now_));
  EXPECT_TRUE(core_.wants_nodes(now_));
  EXPECT_EQ(VerdictOf("n3"), "Waiting");
  core_.SetNodes(now_, {{"n1", true}, {"n2", true}, {"n3", true}});
  EXPECT_FALSE(core_.wants_nodes(now_));
  now_ += absl::Milliseconds(500);
  ProbeAll("n3");
  now_ += absl::Milliseconds(500);
  EXPECT_EQ(VerdictOf("n3"), "Waiting");
  ProbeAll("n3");
  EXPECT_EQ(VerdictOf("n3"), "Mark");
  core_.OnMarked(now_, "n3");
  EXPECT_EQ(VerdictOf("n3"), "Marked");
  now_ += kActWithin;
  EXPECT_FALSE(core_.is_busy(now_));
  EXPECT_EQ(VerdictOf("n3"), "Marked");
}

TEST_F(NodeFailureCoreTest, ANodeThatCameBackIsNotMarkedAgainAtOnce) {
  now_ += absl::Seconds(1);
  Lose("n3");
  for (int i = 0; i < 2; ++i) {
    now_ += absl::Milliseconds(600);
    ProbeAll("n3");
  }
  ASSERT_EQ(VerdictOf("n3"), "Mark");
  core_.OnMarked(now_, "n3");
  now_ += absl::Seconds(10);
  Find();
  EXPECT_EQ(VerdictOf("n3"), "none");
  now_ += absl::Seconds(10);
  Lose("n3");
  core_.SetNodes(now_, {{"n1", true}, {"n2", true}, {"n3", true}});
  now_ += absl::Milliseconds(600);
  ProbeAll("n3");
  now_ += absl::Milliseconds(600);
  ProbeAll("n3");
  EXPECT_EQ(VerdictOf("n3"), "CoolDown");
}

TEST_F(NodeFailureCoreTest, ProbesOfAnEarlierFailureDoNotCount) {
  now_ += absl::Seconds(1);
  Lose("n3");
  ProbeAll("n3");
  ProbeAll("n3");
  Find();
  now_ += absl::Seconds(10);
  Lose("n3");
  now_ += absl::Seconds(2);
  core_.OnProbe(now_, "n1", true);
  core_.OnProbe(now_, "n2", true);
  EXPECT_EQ(VerdictOf("n3"), "Waiting");
}

TEST_F(NodeFailureCoreTest, ReportsOfBeforeAreOld) {
  NodeFailureCore core({.enabled = true}, "c1");
  core.SetReport(now_, "n1", {"n3"}, /*is_news=*/false);
  core.SetReport(now_, "n2", {"n3"}, /*is_news=*/false);
  core.SetReport(now_, "n3", {}, /*is_news=*/false);
  core.SetNodes(now_, {{"n1", true}, {"n2", true}, {"n3", true}});
  EXPECT_FALSE(core.is_busy(now_));
  EXPECT_EQ(core.Judge({now_, true, true}).at("n3").verdict, NodeVerdict::kOld);
}

TEST_F(NodeFailureCoreTest, ARepeatedReportIsNoNews) {
  now_ += absl::Seconds(1);
  Lose("n3");
  const absl::Time since = now_;
  now_ += absl::Seconds(1);
  Lose("n3");
  EXPECT_EQ(core_.Judge({now_, true, true}).at("n3").since, since);
}

TEST_F(NodeFailureCoreTest, AReportThatGoesAccusesNoMore) {
  now_ += absl::Seconds(1);
  Lose("n3");
  core_.RemoveReport(now_, "n2");
  EXPECT_EQ(core_.Judge({now_, true, true}).at("n3").accusers.size(), 1u);
  core_.RemoveReport(now_, "n1");
  EXPECT_EQ(VerdictOf("n3"), "none");
}

TEST_F(NodeFailureCoreTest, ForgetsNodesOfWhichNothingIsKnown) {
  for (int i = 0; i < 100; ++i) {
    core_.SetReport(now_, "n1", {"x" + std::to_string(i)}, /*is_news=*/true);
    core_.OnProbe(now_, "y" + std::to_string(i), true);
  }
  EXPECT_EQ(core_.facts().nodes.size(), 4u);
}

}  // namespace
}  // namespace lb
