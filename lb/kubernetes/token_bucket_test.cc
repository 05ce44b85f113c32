#include "lb/kubernetes/token_bucket.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::kubernetes {
namespace {

TEST(TokenBucketTest, GivesTheBurstAtOnceAndThenOneInEachInterval) {
  TokenBucket bucket(3, absl::Seconds(10));
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.Take(now));
  EXPECT_FALSE(bucket.Take(now));
  EXPECT_EQ(bucket.NextAt(now), now + absl::Seconds(10));
  now += absl::Seconds(10);
  EXPECT_TRUE(bucket.Take(now));
  EXPECT_FALSE(bucket.Take(now));
  EXPECT_FALSE(bucket.IsFull(now));
  now += absl::Seconds(30);
  EXPECT_TRUE(bucket.IsFull(now));
  // Rest gives no more than the burst.
  now += absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.Take(now));
  EXPECT_FALSE(bucket.Take(now));
}

TEST(TokenBucketTest, ABurstOfOneIsAPace) {
  TokenBucket bucket(1, absl::Seconds(1));
  const absl::Time now = absl::UnixEpoch();
  EXPECT_TRUE(bucket.Take(now));
  EXPECT_FALSE(bucket.Take(now + absl::Milliseconds(999)));
  EXPECT_TRUE(bucket.Take(now + absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::kubernetes
