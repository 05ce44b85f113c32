#include "lb/gossip/ping_numbers.h"

#include "gtest/gtest.h"
#include "lb/gossip/greeter.h"

namespace lb::gossip {
namespace {

TEST(PingNumbersTest, RiseFromTheGivenOne) {
  PingNumbers numbers(7);
  EXPECT_EQ(numbers.Next(), 8u);
  EXPECT_EQ(numbers.Next(), 9u);
}

TEST(PingNumbersTest, LeaveTheUpperHalfToGreetings) {
  PingNumbers numbers(Greeter::kSequenceMin - 1);
  EXPECT_EQ(numbers.Next(), 0u);
  EXPECT_EQ(PingNumbers(UINT32_MAX - 5).Next(), Greeter::kSequenceMin - 5);
}

}  // namespace
}  // namespace lb::gossip
