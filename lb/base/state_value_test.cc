// The envelope of values in the state folder.
#include "lb/base/state_value.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

TEST(StateValueTest, NamesAnotherKindAndVersion) {
  const std::string value = SealStateValue({"AAAA", 2, "a"}, "body");
  EXPECT_THAT(OpenStateValue({"AAAA", 2, "a"}, value), IsOkAndHolds("body"));
  EXPECT_THAT(OpenStateValue({"AAAA", 1, "a"}, value),
              StatusIs(absl::StatusCode::kDataLoss, "version 2, want 1"));
  EXPECT_THAT(OpenStateValue({"BBBB", 2, "b"}, value),
              StatusIs(absl::StatusCode::kDataLoss, "no b"));
}

}  // namespace
}  // namespace lb
