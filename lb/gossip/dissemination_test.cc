#include "lb/gossip/dissemination.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::gossip {
namespace {

TEST(DisseminationTest, RetransmitLimitCountsDigits) {
  const struct {
    size_t nodes;
    int limit;
  } cases[] = {{0, 0},    {1, 4},    {9, 4},     {10, 8},    {99, 8},
               {100, 12}, {999, 12}, {1000, 16}, {9999, 16}, {10000, 20}};
  for (const auto& [nodes, limit] : cases) {
    EXPECT_EQ(RetransmitLimit(4, nodes), limit) << nodes;
  }
}

TEST(DisseminationTest, PushPullScaleGrowsWithDoublings) {
  const struct {
    size_t nodes;
    int scale;
  } cases[] = {{0, 1},   {1, 1},   {32, 1},  {33, 2},  {64, 2}, {65, 3},
               {128, 3}, {129, 4}, {257, 5}, {512, 5}, {513, 6}};
  for (const auto& [nodes, scale] : cases) {
    EXPECT_EQ(PushPullScale(nodes), scale) << nodes;
  }
}

TEST(DisseminationTest, SuspicionTimeoutIsTheReferenceTable) {
  const struct {
    int mult;
    size_t nodes;
    int64_t interval_ms;
    int64_t timeout_ms;
  } cases[] = {{4, 0, 1000, 4000},     {4, 3, 1000, 4000},
               {4, 10, 1000, 4000},    {4, 20, 1000, 5204},
               {4, 32, 1000, 6020},    {4, 100, 1000, 8000},
               {4, 1000, 1000, 12000}, {6, 10, 5000, 30000},
               {3, 5, 1000, 3000},     {3, 10, 100, 300}};
  for (const auto& [mult, nodes, interval_ms, timeout_ms] : cases) {
    EXPECT_EQ(SuspicionTimeout(mult, nodes, absl::Milliseconds(interval_ms)),
              absl::Milliseconds(timeout_ms))
        << mult << " * " << nodes;
  }
}

TEST(DisseminationTest, ConfirmationsNeedEnoughNodes) {
  const struct {
    int mult;
    size_t nodes;
    int confirmations;
  } cases[] = {{4, 3, 0}, {4, 4, 2}, {4, 100, 2}, {6, 5, 0}, {6, 6, 4},
               {3, 2, 0}, {3, 3, 1}, {2, 10, 0},  {1, 10, 0}};
  for (const auto& [mult, nodes, confirmations] : cases) {
    EXPECT_EQ(SuspicionConfirmations(mult, nodes), confirmations)
        << mult << ", " << nodes;
  }
}

}  // namespace
}  // namespace lb::gossip
