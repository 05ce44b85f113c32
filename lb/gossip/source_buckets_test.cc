#include "lb/gossip/source_buckets.h"

#include "gtest/gtest.h"
#include "lb/gossip/answer_budget.h"

namespace lb::gossip {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

net::IpAddress Host(uint32_t number) {
  return net::IpAddress::Ipv4(0x0a000000 + number);
}

TEST(SourceBucketsTest, ABucketFillsWithTimeUpToItsMost) {
  SourceBuckets buckets({.per_second = 1, .most = 3, .at_first = 2});
  EXPECT_TRUE(buckets.Take(kStart, Host(1), 1));
  EXPECT_TRUE(buckets.Take(kStart, Host(1), 1));
  EXPECT_FALSE(buckets.Take(kStart, Host(1), 1));
  EXPECT_TRUE(buckets.Take(kStart, Host(2), 1));  // Each has its own.
  EXPECT_FALSE(buckets.Take(kStart + absl::Milliseconds(999), Host(1), 1));
  EXPECT_TRUE(buckets.Take(kStart + absl::Seconds(1), Host(1), 1));
  const absl::Time later = kStart + absl::Hours(1);
  EXPECT_FALSE(buckets.Take(later, Host(1), 4));
  EXPECT_TRUE(buckets.Take(later, Host(1), 3));
}

TEST(SourceBucketsTest, WhatIsGivenIsBoundedToo) {
  SourceBuckets buckets({.per_second = 0, .most = 10, .at_first = 0});
  EXPECT_FALSE(buckets.Take(kStart, Host(1), 1));
  buckets.Give(kStart, Host(1), 4);
  EXPECT_TRUE(buckets.Take(kStart, Host(1), 4));
  for (int i = 0; i < 10; ++i) buckets.Give(kStart, Host(1), 4);
  EXPECT_FALSE(buckets.Take(kStart, Host(1), 11));
  EXPECT_TRUE(buckets.Take(kStart, Host(1), 10));
}

TEST(SourceBucketsTest, InventedAddressesTakeTheBucketsThatRestLongest) {
  SourceBuckets buckets(
      {.per_second = 0, .most = 10, .at_first = 1, .sources_max = 8});
  ASSERT_TRUE(buckets.Take(kStart, Host(1), 1));
  for (uint32_t i = 2; i < 1000; ++i) {
    EXPECT_TRUE(buckets.Take(kStart, Host(i), 1));
    EXPECT_FALSE(buckets.Take(kStart, Host(1), 1));  // In use: it is kept.
    EXPECT_LE(buckets.size(), 8u);
  }
}

TEST(AnswerBudgetTest, GivesNoMoreThanTheBytesThatCame) {
  AnswerBudget budget;
  budget.OnReceived(kStart, Host(1), 20);
  EXPECT_FALSE(budget.Take(kStart, Host(1), 31));
  EXPECT_TRUE(budget.Take(kStart, Host(1), 30));
  EXPECT_FALSE(budget.Take(kStart, Host(1), 1));
  EXPECT_FALSE(budget.Take(kStart, Host(2), 1));
}

TEST(AnswerBudgetTest, GivesSoManyAnswersASecond) {
  AnswerBudget budget;
  int given = 0;
  for (int i = 0; i < 20'000; ++i) {  // Two seconds.
    const absl::Time now = kStart + absl::Microseconds(100) * i;
    budget.OnReceived(now, Host(1), 20);
    given += budget.Take(now, Host(1), 20) ? 1 : 0;
  }
  EXPECT_NEAR(given, 3 * AnswerBudget::kAnswersPerSecond, 2);
}

}  // namespace
}  // namespace lb::gossip
