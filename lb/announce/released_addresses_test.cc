#include "lb/announce/released_addresses.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReleasedAddressesTest : public testing::Test {
 protected:
  const net::IpAddress one_ = *net::ParseIpAddress("192.0.2.1");
  const net::IpAddress two_ = *net::ParseIpAddress("2001:db8::2");
  const net::IpAddress three_ = *net::ParseIpAddress("192.0.2.3");
  absl::Time now_ = absl::UnixEpoch() + absl::Milliseconds(300);
  ReleasedAddresses released_{2};
};

TEST_F(ReleasedAddressesTest, CountsOnceAndForAWhile) {
  released_.Add(now_, one_);
  released_.Add(now_, two_);
  EXPECT_TRUE(released_.Take(now_ + released_.kCountsFor, one_));
  EXPECT_FALSE(released_.Take(now_, one_));
  EXPECT_FALSE(
      released_.Take(now_ + released_.kCountsFor + absl::Nanoseconds(1), two_));
  EXPECT_FALSE(released_.Take(now_, three_));
  EXPECT_THAT(released_.heard(), IsEmpty());
}

TEST_F(ReleasedAddressesTest, DoesNotCountAfterAnotherHostClaimedIt) {
  released_.Add(now_, one_);
  released_.OnRival(one_);
  released_.OnRival(two_);
  // The filter in the kernel need not change for each claim.
  EXPECT_THAT(released_.heard(), ElementsAre(one_));
  EXPECT_FALSE(released_.Take(now_, one_));
  // It had it again, until now.
  released_.Add(now_, one_);
  EXPECT_TRUE(released_.Take(now_, one_));
}

TEST_F(ReleasedAddressesTest, ThoseThatWereReleasedTogetherEndTogether) {
  EXPECT_EQ(released_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_FALSE(released_.Expire(now_));
  released_.Add(now_, one_);
  released_.Add(now_ + absl::Milliseconds(10), two_);
  const absl::Time end = absl::UnixEpoch() + absl::Seconds(11);
  EXPECT_EQ(released_.NextDeadline(), end);
  EXPECT_FALSE(released_.Expire(end - absl::Milliseconds(1)));
  EXPECT_THAT(released_.heard(), ElementsAre(one_, two_));
  EXPECT_TRUE(released_.Expire(end));
  EXPECT_THAT(released_.heard(), IsEmpty());
  EXPECT_EQ(released_.NextDeadline(), absl::InfiniteFuture());
}

TEST_F(ReleasedAddressesTest, HoldsSoManyAndNoMore) {
  released_.Add(now_, one_);
  released_.Add(now_, two_);
  released_.Add(now_, three_);
  EXPECT_THAT(released_.heard(), ElementsAre(one_, two_));
  released_.Add(now_, two_);
  EXPECT_TRUE(released_.Take(now_, two_));
  released_.Add(now_, three_);
  released_.Clear();
  EXPECT_THAT(released_.heard(), IsEmpty());
  EXPECT_EQ(released_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_FALSE(released_.Take(now_, three_));
}

}  // namespace
}  // namespace lb::announce
