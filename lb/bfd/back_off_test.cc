#include "lb/bfd/back_off.h"

#include "gtest/gtest.h"

namespace lb::bfd {
namespace {

TEST(BackOffTest, DoublesUpToItsLimit) {
  BackOff back_off;
  absl::Time now = absl::UnixEpoch();
  EXPECT_FALSE(back_off.IsDue(now));
  EXPECT_EQ(back_off.retry_at(), absl::InfiniteFuture());
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    back_off.OnFailure(now);
    EXPECT_FALSE(back_off.IsDue(now));
    EXPECT_EQ(back_off.retry_at(), now + absl::Seconds(seconds));
    now = back_off.retry_at();
    EXPECT_TRUE(back_off.IsDue(now));
  }
  back_off.OnSuccess();
  EXPECT_EQ(back_off.retry_at(), absl::InfiniteFuture());
  back_off.OnFailure(now);
  EXPECT_EQ(back_off.retry_at(), now + absl::Seconds(1));
}

}  // namespace
}  // namespace lb::bfd
