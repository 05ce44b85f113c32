#include "lb/gossip/stream_only_peers.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kStart = absl::UnixEpoch();

net::Endpoint At(uint32_t number) {
  return {net::IpAddress::Ipv4(0x0a000000u + number), 7946};
}

class StreamOnlyPeersTest : public testing::Test {
 protected:
  bool Strike(int second, uint32_t number = 2) {
    return peers_.OnStrike(kStart + absl::Seconds(second), "b", At(number));
  }

  StreamOnlyPeers peers_{/*spacing=*/absl::Seconds(1)};
};

TEST_F(StreamOnlyPeersTest, TheThirdStrikeInARowListsThePeer) {
  EXPECT_FALSE(Strike(0));
  EXPECT_FALSE(Strike(1));
  EXPECT_THAT(peers_.List(), IsEmpty());
  EXPECT_TRUE(Strike(2));
  EXPECT_FALSE(Strike(3));  // Known already.
  ASSERT_THAT(peers_.List(), SizeIs(1));
  EXPECT_EQ(peers_.List()[0].member, "b");
  EXPECT_EQ(peers_.List()[0].endpoint, At(2));
  EXPECT_EQ(peers_.List()[0].last, kStart + absl::Seconds(3));
}

TEST_F(StreamOnlyPeersTest, AnAckBeginsAnew) {
  Strike(0);
  Strike(1);
  peers_.Forget(At(2));
  EXPECT_FALSE(Strike(2));
  EXPECT_FALSE(Strike(3));
  EXPECT_TRUE(Strike(4));
  peers_.Forget(At(2));
  EXPECT_THAT(peers_.List(), IsEmpty());
}

// Several exchanges with one peer at once tell no more than one.
TEST_F(StreamOnlyPeersTest, StrikesAtOneTimeAreOne) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Strike(0));
  EXPECT_FALSE(Strike(1));
  EXPECT_TRUE(Strike(2));
}

TEST_F(StreamOnlyPeersTest, AnotherMemberAtTheEndpointBeginsAnew) {
  Strike(0);
  Strike(1);
  EXPECT_FALSE(peers_.OnStrike(kStart + absl::Seconds(2), "c", At(2)));
  EXPECT_THAT(peers_.List(), IsEmpty());
}

TEST_F(StreamOnlyPeersTest, IsBounded) {
  for (uint32_t i = 0; i < StreamOnlyPeers::kPeersMax + 5; ++i) {
    for (int second = 0; second < 3; ++second) Strike(second, 10 + i);
  }
  EXPECT_THAT(peers_.List(), SizeIs(StreamOnlyPeers::kPeersMax));
}

}  // namespace
}  // namespace lb::gossip
