#include "daemon/front/refusals.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::front {
namespace {

TEST(RefusalsTest, SaysOneInTenSecondsAndCountsTheOthers) {
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  Refusals refusals;
  EXPECT_EQ(refusals.Add("a", "no HTTP/2", start), "a: no HTTP/2");
  EXPECT_EQ(refusals.Add("b", "why", start), std::nullopt);
  EXPECT_EQ(refusals.Add("c", "why", start + absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(refusals.Add("d", "why", start + absl::Seconds(10)),
            "d: why; 2 others before it");
  EXPECT_EQ(refusals.Add("e", "why", start + absl::Seconds(20)), "e: why");
}

}  // namespace
}  // namespace lb::front
