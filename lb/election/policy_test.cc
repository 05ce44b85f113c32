#include "lb/election/policy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::election {
namespace {

TEST(ParsePolicyTest, ReadsWhatToStringWrites) {
  for (const Policy policy :
       {Policy::kCompat, Policy::kSticky, Policy::kBalanced}) {
    EXPECT_THAT(ParsePolicy(ToString(policy)), IsOkAndHolds(policy));
  }
}

TEST(ParsePolicyTest, RefusesAllElse) {
  for (const char* const text : {"", "Sticky", "sticky ", "bal", "0"}) {
    EXPECT_THAT(
        ParsePolicy(text),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 testing::HasSubstr("\", want compat, sticky or balanced")));
  }
}

}  // namespace
}  // namespace lb::election
