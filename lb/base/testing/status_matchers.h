// IsOk, IsOkAndHolds and StatusIs: GoogleTest matchers for absl::Status and
// absl::StatusOr, which Debian's Abseil does not bring.
//
//   EXPECT_THAT(ParseIpAddress("10.0.0.1"), IsOk());
//   EXPECT_THAT(ParsePort("80"), IsOkAndHolds(80));
//   EXPECT_THAT(ParsePort("x"), StatusIs(absl::StatusCode::kInvalidArgument,
//                                        HasSubstr("want 1..65535")));
#ifndef LB_BASE_TESTING_STATUS_MATCHERS_H_
#define LB_BASE_TESTING_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace lb {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P2(StatusIs, code, message, "has the code and a matching message") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         testing::ExplainMatchResult(testing::Matcher<std::string>(message),
                                     std::string(status.message()),
                                     result_listener);
}

// Any message.
template <typename Code>
auto StatusIs(Code code) {
  return StatusIs(code, testing::An<std::string>());
}

MATCHER_P(IsOkAndHolds, value, "is OK and holds a matching value") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return testing::ExplainMatchResult(value, *arg, result_listener);
}

}  // namespace lb

#endif  // LB_BASE_TESTING_STATUS_MATCHERS_H_
