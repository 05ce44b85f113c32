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

// Members that are blocked most of the time must not bury the others, and that
// costs few messages.
TEST(LargeClusterTest, LifeguardSparesTheHealthy) {
  const auto run = [](GossipOptions gossip) {
    gossip.reconnect.dead_peer_retry_time = absl::ZeroDuration();  // For speed.
    gossip.probe.stream_pings = false;
    CoreCluster cluster({.members = 50,
                         .gossip = gossip,
                         .loss_percent = 10,
                         .slow_members = 5,
                         .block_max = absl::Seconds(12),
                         .run_max = absl::Seconds(1)});
    cluster.RunFor(absl::Minutes(20));
    return cluster.counts();
  };
  const CoreCluster::Counts swim = run(PlainSwim());
  const CoreCluster::Counts lifeguard = run(LanProfile());
  EXPECT_GT(swim.false_failures_at_healthy, 20u);
  EXPECT_GE(swim.false_failures_at_healthy,
            20 * lifeguard.false_failures_at_healthy);
  EXPECT_GE(swim.false_failures, 20 * lifeguard.false_failures);
  EXPECT_LE(static_cast<double>(lifeguard.datagrams),
            1.15 * static_cast<double>(swim.datagrams));
}

}  // namespace
}  // namespace lb::gossip
