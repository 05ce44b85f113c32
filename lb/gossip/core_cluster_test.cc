// Large clusters, in short; gossip_simulation prints the tables.
#include "lb/gossip/testing/core_cluster.h"

#include <algorithm>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/gossip/options.h"

namespace lb::gossip {
namespace {

TEST(LargeClusterTest, HundredMembersAgreeOnACrashAndOnNothingElse) {
  CoreCluster cluster({.members = 100});
  cluster.RunFor(absl::Seconds(30));
  cluster.Watch(50);
  cluster.Crash(50);
  const absl::Time crash = cluster.now();
  cluster.RunFor(absl::Seconds(30));
  int informed = 0;
  for (const absl::Time report : cluster.reports()) {
    informed += report - crash < absl::Seconds(15);
  }
  EXPECT_EQ(informed, 99);
  EXPECT_EQ(cluster.counts().false_failures, 0u);
}

TEST(LargeClusterTest, IdleMembersSendAPingAndAnAckPerInterval) {
  CoreCluster cluster({.members = 100});
  cluster.RunFor(absl::Seconds(30));
  cluster.Watch(-1);
  cluster.RunFor(absl::Seconds(10));
  EXPECT_NEAR(static_cast<double>(cluster.counts().datagrams), 100 * 10 * 2,
              100);
}

// Members that are not run most of the time must not bury the others.
TEST(LargeClusterTest, LifeguardSparesTheHealthy) {
  const auto false_failures = [](GossipOptions gossip) {
    gossip.dead_peer_retry_time = absl::ZeroDuration();  // For speed.
    CoreCluster cluster({.members = 50,
                         .gossip = gossip,
                         .loss_percent = 10,
                         .slow_members = 5,
                         .stop_max = absl::Seconds(20),
                         .run_max = absl::Seconds(1)});
    cluster.RunFor(absl::Minutes(3));
    return cluster.counts().false_failures;
  };
  GossipOptions swim = LanProfile();
  swim.awareness_max_multiplier = 1;
  swim.suspicion_max_timeout_mult = 1;
  swim.buddy_suspects = false;
  swim.forgive_lateness = false;
  EXPECT_GT(false_failures(swim), 20 * false_failures(LanProfile()));
}

}  // namespace
}  // namespace lb::gossip
