// Tests clusters of our and of their nodes; see interop_fixture.h.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/interop/interop_fixture.h"

namespace lb::interop {
namespace {

using testing::StartsWith;

class JoinTest : public InteropTest,
                 public testing::WithParamInterface<Layers> {
 protected:
  // Both have the other's state, and no probe fails for three intervals.
  void SecondJoinsFirst(Kind first, Kind second) {
    Start(first, GetParam());
    Start(second, GetParam());
    EXPECT_EQ(Ask(nodes_[1], "join " + nodes_[0].endpoint), "ok");
    ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(5)));
    EXPECT_TRUE(WaitForEvent(nodes_[0], "state state of " + nodes_[1].name));
    EXPECT_TRUE(WaitForEvent(nodes_[1], "state state of " + nodes_[0].name));
    absl::SleepFor(absl::Seconds(3));
    EXPECT_EQ(Ask(nodes_[0], "stats"), "0 0 0");
    EXPECT_EQ(Ask(nodes_[1], "stats"), "0 0 0");
  }
};

INSTANTIATE_TEST_SUITE_P(Layers, JoinTest,
                         testing::Values(kPlain,
                                         Layers{"compressed", true, false},
                                         Layers{"encrypted", false, true},
                                         kBoth),
                         [](const auto& info) { return info.param.name; });

TEST_P(JoinTest, OursJoinsTheirs) {
  SecondJoinsFirst(Kind::kTheirs, Kind::kOurs);
}

TEST_P(JoinTest, TheirsJoinsOurs) {
  SecondJoinsFirst(Kind::kOurs, Kind::kTheirs);
}

TEST_F(InteropTest, KilledNodesAreReportedByAllAndNobodyElseIs) {
  Cluster(3, 2, kBoth);
  int gone = 0;
  for (const size_t victim : {0, 1}) {  // One of ours, one of theirs.
    nodes_[victim].process->Kill();
    const absl::Time killed = absl::Now();
    // 4 + 1 s to the end of a probe, 24 s for a suspicion that no node
    // confirms.
    ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(35)));
    fmt::print("{} killed: all others know after {:.1f} s\n",
               nodes_[victim].name,
               absl::ToDoubleSeconds(absl::Now() - killed));
    const int others = 4 - static_cast<int>(victim);
    // Each remaining node has seen each victim fail once, and no other node.
    gone = others * (static_cast<int>(victim) + 1);
    EXPECT_TRUE(
        WaitUntil(absl::Seconds(5), [&] { return GoneEvents() == gone; }));
  }
  absl::SleepFor(absl::Seconds(5));
  EXPECT_EQ(GoneEvents(), gone);
}

TEST_F(InteropTest, MetadataReachesBothKinds) {
  Cluster(2, 2, kBoth);
  EXPECT_EQ(Ask(nodes_[0], "meta from ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "meta from theirs"), "ok");
  EXPECT_TRUE(WaitForEvent(nodes_[1], "updated o1 from ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[2], "updated o1 from ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "updated t2 from theirs"));
  EXPECT_TRUE(WaitForEvent(nodes_[3], "updated t2 from theirs"));
}

TEST_F(InteropTest, UserMessagesGoBothWays) {
  Cluster(1, 1, kBoth);
  EXPECT_EQ(Ask(nodes_[0], "send gossip of ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "send gossip of theirs"), "ok");
  EXPECT_EQ(Ask(nodes_[0], "sendreliable t2 stream of ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "sendreliable o1 stream of theirs"), "ok");
  EXPECT_TRUE(WaitForEvent(nodes_[1], "message gossip of ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "message gossip of theirs"));
  EXPECT_TRUE(WaitForEvent(nodes_[1], "message stream of ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "message stream of theirs"));
}

TEST_F(InteropTest, LeavingIsUnderstoodAtOnce) {
  Cluster(2, 2, kBoth);
  for (const size_t leaver : {0, 1}) {
    EXPECT_EQ(Ask(nodes_[leaver], "leave"), "ok");
    nodes_[leaver].process->Kill();
    // Sooner than any failure could be detected.
    EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(2)));
  }
}

TEST_F(InteropTest, KeysAreChangedWithoutLosingAMember) {
  Cluster(2, 2, kBoth);
  AskAll(fmt::format("addkey {}", kNewKey));
  AskAll(fmt::format("usekey {}", kNewKey));
  absl::SleepFor(absl::Seconds(2));
  AskAll(fmt::format("removekey {}", kOldKey));
  absl::SleepFor(absl::Seconds(6));  // Longer than a failure takes.
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(1)));
  EXPECT_EQ(GoneEvents(), 0);
  // The new key is the one in use, by both kinds.
  for (const Kind kind : {Kind::kOurs, Kind::kTheirs}) {
    Node& newcomer = Start(kind, kBoth, kNewKey);
    EXPECT_EQ(Ask(newcomer, "join " + nodes_[0].endpoint), "ok");
  }
  // A member that missed a broadcast learns by memberlist's full exchange,
  // which follows every 30 s.
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(45)));
  Node& outsider = Start(Kind::kTheirs, kBoth, kOldKey);
  EXPECT_THAT(Ask(outsider, "join " + nodes_[0].endpoint), StartsWith("error"));
}

// These tests need no node of theirs.
class OursTest : public InteropTest {
 protected:
  void SetUp() override {}
};

// When the process runs again, its timers are all late, and the answers that
// they wait for are in its socket.
TEST_F(OursTest, StoppedProcessComesBackAndAccusesNobody) {
  profile_ = "fast";
  Cluster(5, 0, kPlain);
  nodes_[1].process->Stop();
  absl::SleepFor(absl::Seconds(5));
  for (const size_t other : {0, 2, 3, 4}) {
    EXPECT_TRUE(Heard(nodes_[other], "gone o2")) << nodes_[other].name;
  }
  nodes_[1].process->Continue();
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(5)));
  absl::SleepFor(absl::Seconds(2));
  EXPECT_FALSE(Heard(nodes_[1], "gone"));
  EXPECT_EQ(GoneEvents(), 4);  // It, once each.
}

// A lease gives o3 another address. Their nodes refuse a new address for a node
// that is up: they see it leave and come back, and then keep the new one.
TEST_F(InteropTest, TheirsFollowANodeThatMoves) {
  Cluster(1, 1, kBoth);
  Node& moves = Start(Kind::kOurs, kBoth, kOldKey, /*port=*/7950);
  ASSERT_EQ(Ask(nodes_[2], "join " + nodes_[1].endpoint), "ok");
  ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(45)));
  ASSERT_EQ(Ask(moves, "move 127.0.99.1:7950"), "ok");
  EXPECT_TRUE(WaitForEvent(nodes_[1], "gone o3"));
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(2)));
  EXPECT_FALSE(Heard(nodes_[0], "gone o3"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "updated o3"));
  absl::SleepFor(absl::Seconds(10));
  EXPECT_EQ(GoneEvents(), 1);
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(1)));
}

TEST_F(InteropTest, IdleNodesCostNoMoreThanTheirs) {
  Cluster(5, 5, kPlain);
  absl::SleepFor(absl::Seconds(5));
  const auto cpu_time = [this](char kind) {
    absl::Duration sum;
    for (const Node& node : nodes_) {
      if (node.name[0] == kind) sum += node.process->CpuTime();
    }
    return sum;
  };
  const absl::Duration ours = cpu_time('o');
  const absl::Duration theirs = cpu_time('t');
  absl::SleepFor(absl::Seconds(20));
  const absl::Duration our_cost = cpu_time('o') - ours;
  const absl::Duration their_cost = cpu_time('t') - theirs;
  fmt::print("CPU of an idle node of 10: ours {:.3f} %, theirs {:.3f} %\n",
             100 * absl::FDivDuration(our_cost, 5 * absl::Seconds(20)),
             100 * absl::FDivDuration(their_cost, 5 * absl::Seconds(20)));
  EXPECT_LE(our_cost, their_cost);
}

TEST_F(InteropTest, NoMemberDiesOfTenPercentLoss) {
  if (!IsIsolated()) GTEST_SKIP() << "SKIPPED: no network namespace, want root";
  if (!Shell("nft --version >/dev/null")) GTEST_SKIP() << "SKIPPED: no nft";
  Cluster(3, 3, kBoth);
  ASSERT_TRUE(
      Shell("nft 'table inet loss { chain in { "
            "type filter hook input priority 0; "
            "numgen random mod 100 < 10 counter drop; }; }'"));
  const char* const seconds = std::getenv("LOSS_SECONDS");
  absl::SleepFor(absl::Seconds(seconds == nullptr ? 40 : std::atoi(seconds)));
  ASSERT_TRUE(Shell("nft list table inet loss | grep -o 'packets [0-9]*'"));
  ASSERT_TRUE(Shell("nft delete table inet loss"));
  fmt::print("node  suspected others  refuted  saw die\n");
  for (Node& node : nodes_) {
    int suspicions = 0;
    int refutations = 0;
    int deaths = 0;
    const std::string stats = Ask(node, "stats");
    ASSERT_EQ(std::sscanf(stats.c_str(), "%d %d %d", &suspicions, &refutations,
                          &deaths),
              3)
        << stats;
    fmt::print("{:<5} {:>16} {:>8} {:>8}\n", node.name, suspicions, refutations,
               deaths);
    EXPECT_EQ(deaths, 0) << node.name;
  }
  EXPECT_EQ(GoneEvents(), 0);
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::interop
