#include "lb/base/status_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

TEST(StatusTextTest, PrintsAViewAsText) {
  const absl::string_view text = "abc";
  EXPECT_EQ(fmt::format("[{}] [{:>5}]", text.substr(1), text), "[bc] [  abc]");
}

TEST(StatusTextTest, PrefixKeepsTheCode) {
  EXPECT_THAT(Prefixed("ledger.0", absl::DataLossError("cut short")),
              StatusIs(absl::StatusCode::kDataLoss, "ledger.0: cut short"));
}

}  // namespace
}  // namespace lb
