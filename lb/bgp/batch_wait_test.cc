#include "lb/bgp/batch_wait.h"

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

class BatchWaitTest : public testing::Test {
 protected:
  // Packs after this time: some messages went, or none, and something waits.
  void Pack(absl::Duration after, bool went, bool waits) {
    now_ += after;
    Packer::Packed packed;
    if (went) packed.bytes = {1};
    packed.waits = waits;
    wait_.OnPacked(now_, packed);
  }
  bool IsFullOnly(absl::Duration after) const {
    return wait_.Which(now_ + after) == Messages::kFull;
  }

  absl::Time now_ = absl::UnixEpoch();
  BatchWait wait_;
};

TEST_F(BatchWaitTest, NothingWaitsWithoutABatch) {
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
  wait_.Begin();
  EXPECT_TRUE(IsFullOnly(absl::Hours(1)));
  EXPECT_EQ(wait_.deadline(), absl::InfiniteFuture());
  wait_.End();
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
}

TEST_F(BatchWaitTest, WhatWaitsGoesAfterAWhileWithoutMessages) {
  wait_.Begin();
  Pack(absl::ZeroDuration(), /*went=*/false, /*waits=*/true);
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
  EXPECT_TRUE(IsFullOnly(BatchWait::kWait - absl::Milliseconds(1)));
  EXPECT_FALSE(IsFullOnly(BatchWait::kWait));
  // More of what is not enough for a message puts nothing off.
  Pack(BatchWait::kWait / 2, false, true);
  EXPECT_FALSE(IsFullOnly(BatchWait::kWait / 2));
  // A message does.
  Pack(absl::ZeroDuration(), true, true);
  EXPECT_TRUE(IsFullOnly(BatchWait::kWait / 2));
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
}

TEST_F(BatchWaitTest, MessagesPutItOffForSoLongOnly) {
  wait_.Begin();
  const absl::Time start = now_;
  for (int i = 0; i < 100 && IsFullOnly(absl::ZeroDuration()); ++i) {
    Pack(BatchWait::kWait / 2, true, true);
  }
  EXPECT_EQ(wait_.deadline() - start,
            BatchWait::kWaitMax + BatchWait::kWait / 2);
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
  // All went. What comes then begins to wait.
  Pack(absl::ZeroDuration(), true, false);
  EXPECT_EQ(wait_.deadline(), absl::InfiniteFuture());
  Pack(absl::ZeroDuration(), false, true);
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
}

TEST_F(BatchWaitTest, TheEndOfTheBatchIsTheEndOfTheWait) {
  wait_.Begin();
  Pack(absl::ZeroDuration(), false, true);
  wait_.End();
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
  EXPECT_EQ(wait_.deadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lb::bgp
