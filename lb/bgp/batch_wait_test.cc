#include "lb/bgp/batch_wait.h"

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

class BatchWaitTest : public testing::Test {
 protected:
  enum class Went { kNothing, kMessages, kAll };
  // Packs after this time: so much went, and the rest waits.
  void Pack(absl::Duration after, Went went) {
    now_ += after;
    Packer::Packed packed;
    if (went != Went::kNothing) packed.bytes = {1};
    packed.waits = went != Went::kAll;
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
  Pack(absl::ZeroDuration(), Went::kNothing);
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
  EXPECT_TRUE(IsFullOnly(BatchWait::kWait - absl::Milliseconds(1)));
  EXPECT_FALSE(IsFullOnly(BatchWait::kWait));
  // More of what is not enough for a message puts nothing off.
  Pack(BatchWait::kWait / 2, Went::kNothing);
  EXPECT_FALSE(IsFullOnly(BatchWait::kWait / 2));
  // A message does.
  Pack(absl::ZeroDuration(), Went::kMessages);
  EXPECT_TRUE(IsFullOnly(BatchWait::kWait / 2));
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
}

TEST_F(BatchWaitTest, MessagesPutItOffForSoLongOnly) {
  wait_.Begin();
  const absl::Time start = now_;
  for (int i = 0; i < 100 && IsFullOnly(absl::ZeroDuration()); ++i) {
    Pack(BatchWait::kWait / 2, Went::kMessages);
  }
  EXPECT_EQ(wait_.deadline() - start,
            BatchWait::kWaitMax + BatchWait::kWait / 2);
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
  // All went. What comes then begins to wait.
  Pack(absl::ZeroDuration(), Went::kAll);
  EXPECT_EQ(wait_.deadline(), absl::InfiniteFuture());
  Pack(absl::ZeroDuration(), Went::kNothing);
  EXPECT_EQ(wait_.deadline(), now_ + BatchWait::kWait);
}

TEST_F(BatchWaitTest, TheEndOfTheBatchIsTheEndOfTheWait) {
  wait_.Begin();
  Pack(absl::ZeroDuration(), Went::kNothing);
  wait_.End();
  EXPECT_FALSE(IsFullOnly(absl::ZeroDuration()));
  EXPECT_EQ(wait_.deadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace lb::bgp
