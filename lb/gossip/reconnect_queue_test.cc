#include "lb/gossip/reconnect_queue.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/options.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

net::Endpoint Host(uint32_t number) {
  return {net::IpAddress::Ipv4(0x0a000000 + number), 7946};
}

class ReconnectQueueTest : public testing::Test {
 protected:
  // When the only target is due next, and takes it then.
  absl::Time TakeNext(ReconnectQueue& reconnects, int scale = 1) {
    const absl::Time due = reconnects.NextDeadline();
    if (due != absl::InfiniteFuture()) {
      EXPECT_EQ(reconnects.TakeDue(due - absl::Nanoseconds(1), scale),
                std::nullopt);
      EXPECT_NE(reconnects.TakeDue(due, scale), std::nullopt);
    }
    return due;
  }

  GossipOptions options_;
};

TEST_F(ReconnectQueueTest, SeedIsDueAtOnceThenEverLater) {
  ReconnectQueue reconnects(options_, Prng(1));
  EXPECT_TRUE(reconnects.AddSeed(kStart, Host(1)));
  EXPECT_EQ(TakeNext(reconnects), kStart);
  absl::Time last = kStart;
  for (int64_t seconds : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    const absl::Time next = TakeNext(reconnects);
    EXPECT_GE(next - last, absl::Seconds(seconds) / 2);
    EXPECT_LE(next - last, absl::Seconds(seconds));
    last = next;
  }
}

TEST_F(ReconnectQueueTest, LargeClustersAskLessOften) {
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.AddSeed(kStart, Host(1));
  TakeNext(reconnects, /*scale=*/6);
  EXPECT_GE(reconnects.NextDeadline() - kStart, absl::Seconds(3));
}

TEST_F(ReconnectQueueTest, SeedThatIsAMemberRestsUntilItIsNone) {
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.AddSeed(kStart, Host(1));
  reconnects.OnMemberUp(Host(1));
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
  reconnects.OnMemberLeft(kStart, Host(1));
  EXPECT_EQ(reconnects.NextDeadline(), kStart + absl::Seconds(1));
}

TEST_F(ReconnectQueueTest, AForgottenSeedIsTriedNoLonger) {
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.AddSeed(kStart, Host(1));
  reconnects.OnMemberFailed(kStart, Host(2));
  reconnects.ForgetSeed(Host(1));
  reconnects.ForgetSeed(Host(2));  // A member that failed is none.
  reconnects.ForgetSeed(Host(3));
  EXPECT_EQ(TakeNext(reconnects), kStart + absl::Seconds(1));
  reconnects.OnMemberUp(Host(2));
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, FailedPeerIsTriedUntilItIsBack) {
  ReconnectQueue reconnects(options_, Prng(1));
  EXPECT_TRUE(reconnects.OnMemberFailed(kStart, Host(2)));
  EXPECT_EQ(TakeNext(reconnects), kStart + absl::Seconds(1));
  reconnects.OnMemberUp(Host(2));
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, FailedPeerIsGivenUpInTheEnd) {
  options_.reconnect.dead_peer_retry_time = absl::Seconds(10);
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.OnMemberFailed(kStart, Host(2));
  while (reconnects.NextDeadline() < kStart + absl::Seconds(10))
    TakeNext(reconnects);
  EXPECT_EQ(reconnects.TakeDue(reconnects.NextDeadline(), 1), std::nullopt);
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, PeerThatLeftIsLeftAlone) {
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.OnMemberFailed(kStart, Host(2));
  reconnects.OnMemberLeft(kStart, Host(2));
  reconnects.OnMemberLeft(kStart, Host(3));
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, TwoExchangesAreDueSoonAfterJoining) {
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.OnJoined(kStart);
  reconnects.OnJoined(kStart);  // Another seed.
  const absl::Time first = reconnects.NextDeadline();
  EXPECT_GE(first - kStart, options_.dissemination.interval * 2);
  EXPECT_LT(first - kStart, options_.dissemination.interval * 3);
  EXPECT_FALSE(reconnects.TakeSettling(first - absl::Nanoseconds(1)));
  EXPECT_TRUE(reconnects.TakeSettling(first));
  EXPECT_FALSE(reconnects.TakeSettling(first));
  EXPECT_EQ(reconnects.NextDeadline(),
            first + options_.dissemination.interval * 4);
  EXPECT_TRUE(reconnects.TakeSettling(reconnects.NextDeadline()));
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, NoneIsDueIfExchangesAreOff) {
  options_.streams.push_pull_interval = absl::ZeroDuration();
  ReconnectQueue reconnects(options_, Prng(1));
  reconnects.OnJoined(kStart);
  EXPECT_EQ(reconnects.NextDeadline(), absl::InfiniteFuture());
  EXPECT_FALSE(reconnects.TakeSettling(kStart + absl::Hours(1)));
}

TEST_F(ReconnectQueueTest, RefusesMoreThanItsMaximum) {
  options_.reconnect.targets_max = 2;
  ReconnectQueue reconnects(options_, Prng(1));
  EXPECT_TRUE(reconnects.AddSeed(kStart, Host(1)));
  EXPECT_TRUE(reconnects.OnMemberFailed(kStart, Host(2)));
  EXPECT_FALSE(reconnects.OnMemberFailed(kStart, Host(3)));
  EXPECT_FALSE(reconnects.AddSeed(kStart, Host(4)));
  EXPECT_TRUE(reconnects.AddSeed(kStart, Host(2)));  // Known already.
}

}  // namespace
}  // namespace lb::gossip
