// Clusters under crashes, restarts, pauses, partitions and loss.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/testing/cluster_fixture.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/sim/sim_world.h"

namespace lb::gossip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::Bytes;

class FailureTest : public GossipNodeTest,
                    public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(Sizes, FailureTest, testing::Values(2, 3, 5, 10, 20));

TEST_P(FailureTest, FastClusterSeesACrashWithinASecond) {
  const int count = GetParam();
  Cluster(count);
  for (int victim = 1; victim <= std::min(count, 5); ++victim) {
    Crash(victim);
    const std::string change = fmt::format("failed n{}", victim);
    EXPECT_TRUE(RunUntilAllSee(absl::Seconds(1), change)) << change;
    world_->loop().RunFor(absl::Seconds(2));
    for (int number : Running()) {  // It, once, and no other node.
      EXPECT_THAT(Changes(number), ElementsAre(change)) << number;
    }
    At(victim).host->Restart();
    StartNode(victim);
    ASSERT_TRUE(RunUntilAll(absl::Seconds(20), [&](int number) {
      return UpCount(number) == count;
    }));
    world_->loop().RunFor(absl::Seconds(1));
    for (Node& node : nodes_) node.events.clear();
  }
}

class DetectionTest : public GossipNodeTest {
 protected:
  // Until all others know of a crash, at another phase of the timers each time.
  absl::Duration Detect(int count, const GossipOptions& profile, uint64_t seed);
  void ExpectDetection(const GossipOptions& profile, absl::Duration median_max,
                       absl::Duration p99_max);
};

absl::Duration DetectionTest::Detect(int count, const GossipOptions& profile,
                                     uint64_t seed) {
  nodes_.clear();
  world_ = std::make_unique<io::SimWorld>(seed);
  Cluster(count, profile);
  world_->loop().RunFor(absl::Milliseconds(7 * seed));
  Crash(count);
  const absl::Time start = world_->loop().Now();
  EXPECT_TRUE(
      RunUntilAllSee(absl::Seconds(2), fmt::format("failed n{}", count)));
  return world_->loop().Now() - start;
}

void DetectionTest::ExpectDetection(const GossipOptions& profile,
                                    absl::Duration median_max,
                                    absl::Duration p99_max) {
  constexpr size_t kSeeds = 200;
  for (int count = 3; count <= 10; ++count) {
    std::vector<absl::Duration> times;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      times.push_back(Detect(count, profile, seed));
    }
    std::sort(times.begin(), times.end());
    const absl::Duration median = times[kSeeds / 2];
    const absl::Duration p99 = times[kSeeds * 99 / 100];
    fmt::print("{} nodes: all know after {:.2f} s, {:.2f} s, {:.2f} s\n", count,
               absl::ToDoubleSeconds(median), absl::ToDoubleSeconds(p99),
               absl::ToDoubleSeconds(times.back()));
    EXPECT_LE(median, median_max) << count;
    EXPECT_LE(p99, p99_max) << count;
  }
}

// The median and the 99th percentile.
TEST_F(DetectionTest, FastClustersSeeACrashInHalfASecond) {
  ExpectDetection(FastProfile(), absl::Milliseconds(600), absl::Seconds(1));
}

TEST_F(DetectionTest, TurboClustersSeeACrashInAQuarterOfASecond) {
  ExpectDetection(TurboProfile(), absl::Milliseconds(250),
                  absl::Milliseconds(500));
}

class LossTest : public GossipNodeTest {
 protected:
  // Ten members lose so much for two minutes. Returns how many changes they
  // report in all.
  size_t ChangesUnderLoss(const GossipOptions& profile, double loss_percent,
                          uint64_t seed) {
    nodes_.clear();
    world_ = std::make_unique<io::SimWorld>(seed);
    Cluster(10, profile);
    world_->network().paths().SetDefault({.loss_percent = loss_percent});
    world_->loop().RunFor(absl::Minutes(2));
    size_t changes = 0;
    uint64_t suspicions = 0;
    for (int number : Running()) {
      changes += Changes(number).size();
      suspicions += Gossip(number).counters().detection.suspicions;
    }
    fmt::print("{} % loss, seed {}: {} suspicions, {} changes\n", loss_percent,
               seed, suspicions, changes);
    return changes;
  }
  void ExpectNoFailure(const GossipOptions& profile, double loss_percent) {
    EXPECT_EQ(ChangesUnderLoss(profile, loss_percent, /*seed=*/3), 0u)
        << loss_percent;
  }
};

TEST_F(LossTest, FastClusterBearsFivePercent) {
  for (const double percent : {0.0, 2.0, 5.0}) {
    ExpectNoFailure(FastProfile(), percent);
  }
}

TEST_F(LossTest, FastClusterMostlyBearsTenPercent) {
  int runs_with_changes = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    runs_with_changes += ChangesUnderLoss(FastProfile(), 10, seed) > 0;
  }
  EXPECT_LE(runs_with_changes, 2);
}

TEST_F(LossTest, TurboClusterBearsFivePercent) {
  for (const double percent : {0.0, 2.0, 5.0}) {
    ExpectNoFailure(TurboProfile(), percent);
  }
}

TEST_F(GossipNodeTest, LanClusterSeesACrashWithinItsBound) {
  Cluster(5, LanProfile());
  Crash(3);
  // A round of 4 probes, a probe, a suspicion that no node confirms.
  EXPECT_TRUE(RunUntilAllSee(absl::Seconds(4 + 1 + 24), "failed n3"));
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), ElementsAre("failed n3"));
  }
}

TEST_F(GossipNodeTest, LeaveIsSeenAsALeave) {
  Cluster(5);
  bool done = false;
  Gossip(4).Leave(absl::Seconds(5), [&] {
    done = true;
    At(4).gossip.reset();
  });
  EXPECT_TRUE(RunUntilAllSee(absl::Seconds(1), "left n4"));
  EXPECT_TRUE(RunUntilAll(absl::Seconds(1), [&](int) { return done; }));
  world_->loop().RunFor(absl::Seconds(60));
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), ElementsAre("left n4")) << number;
  }
}

TEST_F(GossipNodeTest, RestartedNodeIsBackThoughItsIncarnationIsLower) {
  Cluster(3);
  for (int i = 0; i < 5; ++i) {  // Raises its incarnation.
    ASSERT_THAT(Gossip(3).SetMeta(Bytes{static_cast<uint8_t>(i)}), IsOk());
    world_->loop().RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(Gossip(1).Find("n3")->incarnation, 6u);
  Crash(3);
  EXPECT_TRUE(RunUntilAllSee(absl::Seconds(1), "failed n3"));
  At(3).host->Restart();
  StartNode(3);
  EXPECT_TRUE(RunUntilAll(absl::Seconds(2),
                          [&](int number) { return UpCount(number) == 3; }));
  EXPECT_GT(Gossip(1).Find("n3")->incarnation, 6u);
}

TEST_F(GossipNodeTest, RestartedNodeIsBackWithoutJoiningAnybody) {
  Cluster(3);
  Crash(3);
  EXPECT_TRUE(RunUntilAllSee(absl::Seconds(1), "failed n3"));
  At(3).host->Restart();
  StartNode(3, /*join=*/false);
  EXPECT_TRUE(RunUntilAll(absl::Seconds(15),
                          [&](int number) { return UpCount(number) == 3; }));
}

TEST_F(GossipNodeTest, QuickRestartIsNotEvenNoticed) {
  Cluster(3);
  Crash(3);
  At(3).host->Restart();
  StartNode(3);
  world_->loop().RunFor(absl::Seconds(10));
  EXPECT_THAT(Changes(1), IsEmpty());
  EXPECT_EQ(UpCount(3), 3);
}

TEST_F(GossipNodeTest, PausedNodeComesBackAndAccusesNobody) {
  Cluster(5);
  At(2).host->Pause();
  world_->loop().RunFor(absl::Seconds(5));
  At(2).host->Resume();
  EXPECT_TRUE(RunUntilAll(absl::Seconds(5),
                          [&](int number) { return UpCount(number) == 5; }));
  world_->loop().RunFor(absl::Seconds(5));
  EXPECT_THAT(Changes(2), IsEmpty());
  for (int number : {1, 3, 4, 5}) {
    EXPECT_THAT(Changes(number), ElementsAre("failed n2", "joined n2"));
  }
}

// With two nodes, each has the other's word only.
TEST_F(GossipNodeTest, PausedNodeOfTwoComesBackAndAccusesNobody) {
  Cluster(2);
  At(2).host->Pause();
  world_->loop().RunFor(absl::Seconds(5));
  EXPECT_THAT(Changes(1), ElementsAre("failed n2"));
  At(2).host->Resume();
  EXPECT_TRUE(RunUntilAll(absl::Seconds(5),
                          [&](int number) { return UpCount(number) == 2; }));
  world_->loop().RunFor(absl::Seconds(5));
  EXPECT_THAT(Changes(2), IsEmpty());
  EXPECT_THAT(Changes(1), ElementsAre("failed n2", "joined n2"));
}

TEST_F(GossipNodeTest, CutBetweenTwoHealsByItself) {
  Cluster(2);
  world_->Partition({At(1).host}, {At(2).host});
  world_->loop().RunFor(absl::Minutes(3));
  for (int number : {1, 2}) EXPECT_EQ(UpCount(number), 1);
  world_->Heal();
  EXPECT_TRUE(RunUntilAll(absl::Seconds(11),
                          [&](int number) { return UpCount(number) == 2; }));
}

TEST_F(GossipNodeTest, JumpsOfTheCivilClockAreNoticedByNobody) {
  Cluster(5);
  for (const absl::Duration error :
       {absl::Hours(10), -absl::Hours(10), absl::ZeroDuration()}) {
    At(2).host->process().SetCivilError(error);
    world_->loop().RunFor(absl::Seconds(5));
  }
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), IsEmpty()) << number;
    EXPECT_EQ(Gossip(number).counters().detection.suspicions, 0u) << number;
    EXPECT_EQ(Gossip(number).counters().detection.late_wakeups, 0u) << number;
  }
}

// Partitions.

TEST_F(GossipNodeTest, HealedPartitionMergesByItself) {
  for (const absl::Duration cut : {absl::Seconds(10), absl::Minutes(3)}) {
    SCOPED_TRACE(absl::FormatDuration(cut));
    nodes_.clear();
    world_ = std::make_unique<io::SimWorld>(1);
    Cluster(6);
    world_->Partition({At(1).host, At(2).host, At(3).host},
                      {At(4).host, At(5).host, At(6).host});
    world_->loop().RunFor(cut);
    for (int number : Running()) EXPECT_EQ(UpCount(number), 3) << number;
    world_->Heal();
    EXPECT_TRUE(RunUntilAll(absl::Seconds(11),
                            [&](int number) { return UpCount(number) == 6; }));
    world_->loop().RunFor(absl::Seconds(10));
    for (int number : Running()) EXPECT_EQ(UpCount(number), 6) << number;
  }
}

TEST_F(GossipNodeTest, PeersCutOffFindBackWithoutSeeds) {
  options_.gossip = FastProfile();
  for (int number : {1, 2, 3}) {
    AddNode();
    StartNode(number, /*join=*/false);
  }
  const net::Endpoint only_seed[] = {At(2).host->endpoint()};
  for (int number : {1, 3}) {
    ASSERT_THAT(Gossip(number).Join(only_seed), IsOk());
  }
  world_->loop().RunFor(absl::Seconds(2));
  Crash(2);  // For good.
  world_->Partition({At(1).host}, {At(3).host});
  world_->loop().RunFor(absl::Minutes(2));
  EXPECT_EQ(UpCount(1), 1);
  EXPECT_EQ(Gossip(1).Find("n3"), std::nullopt);  // Forgotten as a member.
  world_->Heal();
  EXPECT_TRUE(RunUntilAll(absl::Seconds(11),
                          [&](int number) { return UpCount(number) == 2; }));
}

TEST_F(GossipNodeTest, OneWayLossOfOnePathFailsNobody) {
  Cluster(5);
  world_->network().paths().Block(*At(1).host, *At(2).host);
  world_->loop().RunFor(absl::Seconds(30));
  for (int number : Running()) {
    EXPECT_THAT(Changes(number), IsEmpty()) << number;
  }
}

TEST_F(GossipNodeTest, LanClusterBearsTwentyPercentLoss) {
  for (const int count : {3, 5, 20}) {
    SCOPED_TRACE(count);
    nodes_.clear();
    world_ = std::make_unique<io::SimWorld>(count);
    Cluster(count, LanProfile());
    world_->network().paths().SetDefault({.loss_percent = 20});
    world_->loop().RunFor(absl::Seconds(60));
    for (int number : Running()) {
      EXPECT_THAT(Changes(number), IsEmpty()) << number;
    }
  }
}

}  // namespace
}  // namespace lb::gossip
