#include "daemon/log_limiter.h"

#include <string>

#include "gtest/gtest.h"

namespace lb {
namespace {

Event At(double seconds, const std::string& reason,
         const std::string& object = "n1") {
  return {.time = absl::UnixEpoch() + absl::Seconds(seconds),
          .reason = reason,
          .object = {EventObject::kNode, object}};
}

TEST(LogLimiterTest, RepeatsAreCountedNotLogged) {
  LogLimiter limiter;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limiter.Judge(At(i * 0.1, "JoinFailed")).log, i < 5) << i;
  }
  EXPECT_TRUE(limiter.Judge(At(10, "JoinFailed", "Node/n2")).log);
  EXPECT_TRUE(limiter.Judge(At(10, "Ready")).log);
  const auto next = limiter.Judge(At(30, "JoinFailed"));
  EXPECT_TRUE(next.log);
  EXPECT_EQ(next.suppressed, 95u);
  EXPECT_EQ(limiter.Judge(At(31, "JoinFailed")).suppressed, 0u);
}

TEST(LogLimiterTest, AClockThatStepsBackBeginsAnew) {
  LogLimiter limiter;
  for (int i = 0; i < 10; ++i) limiter.Judge(At(100, "JoinFailed"));
  EXPECT_EQ(limiter.Judge(At(50, "JoinFailed")).suppressed, 5u);
}

TEST(LogLimiterTest, WhatItDoesNotFollowIsLogged) {
  LogLimiter limiter;
  for (size_t i = 0; i < LogLimiter::kFollowedMax; ++i) {
    limiter.Judge(At(0, "nodeAssigned", std::to_string(i)));
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limiter.Judge(At(1, "nodeAssigned", "new")).log);
  }
  for (int i = 0; i < 10; ++i) {  // The others are over.
    EXPECT_EQ(limiter.Judge(At(31, "nodeAssigned", "new")).log, i < 5) << i;
  }
}

}  // namespace
}  // namespace lb
