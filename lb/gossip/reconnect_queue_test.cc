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
  absl::Time TakeNext(ReconnectQueue& rejoin, int scale = 1) {
    const absl::Time due = rejoin.NextDeadline();
    if (due != absl::InfiniteFuture()) {
      EXPECT_EQ(rejoin.TakeDue(due - absl::Nanoseconds(1), scale),
                std::nullopt);
      EXPECT_NE(rejoin.TakeDue(due, scale), std::nullopt);
    }
    return due;
  }

  GossipOptions options_;
};

TEST_F(ReconnectQueueTest, SeedIsDueAtOnceThenEverLater) {
  ReconnectQueue rejoin(options_, Prng(1));
  EXPECT_TRUE(rejoin.AddSeed(kStart, Host(1)));
  EXPECT_EQ(TakeNext(rejoin), kStart);
  absl::Time last = kStart;
  for (int64_t seconds : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    const absl::Time next = TakeNext(rejoin);
    EXPECT_GE(next - last, absl::Seconds(seconds) / 2);
    EXPECT_LE(next - last, absl::Seconds(seconds));
    last = next;
  }
}

TEST_F(ReconnectQueueTest, LargeClustersAskLessOften) {
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.AddSeed(kStart, Host(1));
  TakeNext(rejoin, /*scale=*/6);
  EXPECT_GE(rejoin.NextDeadline() - kStart, absl::Seconds(3));
}

TEST_F(ReconnectQueueTest, SeedThatIsAMemberRestsUntilItIsNone) {
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.AddSeed(kStart, Host(1));
  rejoin.OnMemberUp(Host(1));
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
  rejoin.OnMemberLeft(kStart, Host(1));
  EXPECT_EQ(rejoin.NextDeadline(), kStart + absl::Seconds(1));
}

TEST_F(ReconnectQueueTest, AForgottenSeedIsTriedNoLonger) {
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.AddSeed(kStart, Host(1));
  rejoin.OnMemberFailed(kStart, Host(2));
  rejoin.ForgetSeed(Host(1));
  rejoin.ForgetSeed(Host(2));  // A member that failed is none.
  rejoin.ForgetSeed(Host(3));
  EXPECT_EQ(TakeNext(rejoin), kStart + absl::Seconds(1));
  rejoin.OnMemberUp(Host(2));
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, FailedPeerIsTriedUntilItIsBack) {
  ReconnectQueue rejoin(options_, Prng(1));
  EXPECT_TRUE(rejoin.OnMemberFailed(kStart, Host(2)));
  EXPECT_EQ(TakeNext(rejoin), kStart + absl::Seconds(1));
  rejoin.OnMemberUp(Host(2));
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, FailedPeerIsGivenUpInTheEnd) {
  options_.reconnect.dead_peer_retry_time = absl::Seconds(10);
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.OnMemberFailed(kStart, Host(2));
  while (rejoin.NextDeadline() < kStart + absl::Seconds(10)) TakeNext(rejoin);
  EXPECT_EQ(rejoin.TakeDue(rejoin.NextDeadline(), 1), std::nullopt);
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, PeerThatLeftIsLeftAlone) {
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.OnMemberFailed(kStart, Host(2));
  rejoin.OnMemberLeft(kStart, Host(2));
  rejoin.OnMemberLeft(kStart, Host(3));
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, TwoExchangesAreDueSoonAfterJoining) {
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.OnJoined(kStart);
  rejoin.OnJoined(kStart);  // Another seed.
  const absl::Time first = rejoin.NextDeadline();
  EXPECT_GE(first - kStart, options_.dissemination.interval * 2);
  EXPECT_LT(first - kStart, options_.dissemination.interval * 3);
  EXPECT_FALSE(rejoin.TakeSettling(first - absl::Nanoseconds(1)));
  EXPECT_TRUE(rejoin.TakeSettling(first));
  EXPECT_FALSE(rejoin.TakeSettling(first));
  EXPECT_EQ(rejoin.NextDeadline(), first + options_.dissemination.interval * 4);
  EXPECT_TRUE(rejoin.TakeSettling(rejoin.NextDeadline()));
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReconnectQueueTest, NoneIsDueIfExchangesAreOff) {
  options_.streams.push_pull_interval = absl::ZeroDuration();
  ReconnectQueue rejoin(options_, Prng(1));
  rejoin.OnJoined(kStart);
  EXPECT_EQ(rejoin.NextDeadline(), absl::InfiniteFuture());
  EXPECT_FALSE(rejoin.TakeSettling(kStart + absl::Hours(1)));
}

TEST_F(ReconnectQueueTest, RefusesMoreThanItsMaximum) {
  options_.reconnect.targets_max = 2;
  ReconnectQueue rejoin(options_, Prng(1));
  EXPECT_TRUE(rejoin.AddSeed(kStart, Host(1)));
  EXPECT_TRUE(rejoin.OnMemberFailed(kStart, Host(2)));
  EXPECT_FALSE(rejoin.OnMemberFailed(kStart, Host(3)));
  EXPECT_FALSE(rejoin.AddSeed(kStart, Host(4)));
  EXPECT_TRUE(rejoin.AddSeed(kStart, Host(2)));  // Known already.
}

}  // namespace
}  // namespace lb::gossip
