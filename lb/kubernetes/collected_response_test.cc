#include "lb/kubernetes/collected_response.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::kubernetes {
namespace {

class CollectedResponseTest : public testing::Test {
 protected:
  std::optional<CollectedAnswer> answer_;
  CollectedResponse response_{
      5, [this](const CollectedAnswer& answer) { answer_ = answer; }};
};

TEST_F(CollectedResponseTest, GivesTheWholeAnswer) {
  const std::vector<http::Header> headers = {{"retry-after", "1"}};
  response_.OnHead(429, headers);
  response_.OnBody("ab");
  response_.OnBody("c");
  EXPECT_FALSE(answer_);
  response_.OnEnd(absl::OkStatus());
  ASSERT_TRUE(answer_);
  EXPECT_THAT(answer_->status, IsOk());
  EXPECT_EQ(answer_->code, 429);
  EXPECT_EQ(answer_->headers[0].value, "1");
  EXPECT_EQ(answer_->body, "abc");
}

TEST_F(CollectedResponseTest, DropsWhatIsBeyondTheBound) {
  response_.OnHead(200, {});
  response_.OnBody("abcd");
  response_.OnBody("efgh");
  response_.OnBody("ijkl");
  response_.OnEnd(absl::OkStatus());
  EXPECT_EQ(answer_->body, "abcde");
}

TEST_F(CollectedResponseTest, SaysWhyThereIsNoAnswer) {
  response_.OnEnd(absl::UnavailableError("reset"));
  EXPECT_THAT(answer_->status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(CollectedResponseTest, AnAnswerWithoutAHeadIsNone) {
  response_.OnEnd(absl::OkStatus());
  EXPECT_THAT(answer_->status, StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lb::kubernetes
