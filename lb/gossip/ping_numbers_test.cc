#include "lb/gossip/ping_numbers.h"

#include "gtest/gtest.h"
#include "lb/gossip/newcomer_queue.h"

namespace lb::gossip {
namespace {

TEST(PingNumbersTest, RiseFromTheGivenOne) {
  PingNumbers numbers(7);
  EXPECT_EQ(numbers.Next(), 8u);
  EXPECT_EQ(numbers.Next(), 9u);
}

TEST(PingNumbersTest, LeaveTheUpperHalfToNewcomers) {
  PingNumbers numbers(NewcomerQueue::kSequenceMin - 1);
  EXPECT_EQ(numbers.Next(), 0u);
  EXPECT_EQ(PingNumbers(UINT32_MAX - 5).Next(),
            NewcomerQueue::kSequenceMin - 5);
}

}  // namespace
}  // namespace lb::gossip
