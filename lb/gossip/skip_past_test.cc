#include "lb/gossip/skip_past.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

TEST(SkipPastTest, KeepsThePhase) {
  const absl::Time start = absl::UnixEpoch();
  const struct {
    int due, now, then;
  } kCases[] = {{3, 2, 3}, {3, 3, 13}, {3, 12, 13}, {3, 13, 23}, {3, 99, 103}};
  for (const auto& test : kCases) {
    absl::Time due = start + absl::Seconds(test.due);
    SkipPast(start + absl::Seconds(test.now), absl::Seconds(10), due);
    EXPECT_EQ(due, start + absl::Seconds(test.then)) << test.now;
  }
}

}  // namespace
}  // namespace lb::gossip
