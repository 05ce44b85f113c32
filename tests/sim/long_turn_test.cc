// A turn of the loop that comes near the fence is a problem of that node, which
// names its cause; status has the longest ones.
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/node_options.h"
#include "daemon/problems/problems.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/turn_meter.h"
#include "lb/status/v1/status.pb.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Simulated turns take no time: these are made up.
class LongTurnTest : public testing::Test {
 protected:
  LongTurnTest() {
    cluster_.SetManifests(Basics() + ServiceManifest("web"));
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
    fence_ = StallMaxOf(cluster_.agent("n1").View().options);
  }

  // Notes a turn of n1 that ends now.
  void TakeTurn(std::string_view cause, absl::Duration length,
                absl::Duration processor) {
    const absl::Time now = cluster_.agent("n1").View().now;
    io::TurnMeter& turns = cluster_.host("n1").turns();
    turns.Begin(now - length, cause);
    turns.End(now, processor);
  }

  std::vector<std::string> LinesOf(const std::string& node) {
    std::vector<std::string> lines;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      lines.push_back(problem.text);
    }
    return lines;
  }

  Cluster cluster_{/*seed=*/7, /*nodes=*/2};
  absl::Duration fence_;
};

TEST_F(LongTurnTest, WorkAboveHalfTheFenceIsAProblemOfTheNodeForTenMinutes) {
  TakeTurn("answers GetNode", fence_, fence_ / 2);
  EXPECT_THAT(LinesOf("n1"), IsEmpty());
  const absl::Duration above = fence_ / 2 + absl::Milliseconds(20);
  TakeTurn("takes up manifests", fence_, above);
  EXPECT_THAT(LinesOf("n1"),
              ElementsAre(AllOf(
                  HasSubstr("Node/n1: loop: takes up manifests for " +
                            std::to_string(above / absl::Milliseconds(1)) +
                            " ms of processor time at a stretch, at "),
                  HasSubstr(", want at most " +
                            std::to_string(fence_ / 2 / absl::Milliseconds(1)) +
                            " ms"))));
  const auto node = cluster_.view("n1").DescribeNode();
  EXPECT_EQ(node.problems(0).kind(), status::v1::Problem::LONG_TURN);
  EXPECT_THAT(LinesOf("n2"), IsEmpty());
  cluster_.RunFor(io::TurnMeter::kRecent);
  TakeTurn("answers GetNode", fence_, fence_ / 2);
  EXPECT_EQ(LinesOf("n1").size(), 1u);
  cluster_.RunFor(absl::Milliseconds(1));
  EXPECT_THAT(LinesOf("n1"), IsEmpty());
}

TEST_F(LongTurnTest, WaitingForAProcessorIsNoProblemButIsShown) {
  TakeTurn("holds elections", 10 * fence_, absl::Milliseconds(1));
  EXPECT_THAT(LinesOf("n1"), IsEmpty());
  const auto node = cluster_.view("n1").DescribeNode();
  for (const auto& turn : {node.longest_turn(), node.recent_longest_turn()}) {
    EXPECT_EQ(turn.cause(), "holds elections");
    EXPECT_EQ(turn.length().seconds(), absl::ToInt64Seconds(10 * fence_));
    EXPECT_EQ(turn.processor().nanos(), 1'000'000);
  }
  cluster_.RunFor(io::TurnMeter::kRecent + absl::Seconds(1));
  const auto later = cluster_.view("n1").DescribeNode();
  EXPECT_TRUE(later.has_longest_turn());
  EXPECT_FALSE(later.has_recent_longest_turn());
  EXPECT_FALSE(cluster_.view("n2").DescribeNode().has_longest_turn());
}

}  // namespace
}  // namespace lb
