#include "lb/base/utc_text.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(FormatUtcTest, IsToTheSecondAndWithoutFractions) {
  const absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(FormatUtc(time), "2023-11-14T22:13:20Z");
  EXPECT_EQ(FormatUtc(time + absl::Milliseconds(999)), FormatUtc(time));
  EXPECT_EQ(FormatUtc(absl::UnixEpoch()), "1970-01-01T00:00:00Z");
}

TEST(FormatUtcTest, InfinityHasAText) {
  EXPECT_EQ(FormatUtc(absl::InfinitePast()), "infinite-past");
  EXPECT_EQ(FormatUtc(absl::InfiniteFuture()), "infinite-future");
}

}  // namespace
}  // namespace lb
