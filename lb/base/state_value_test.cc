// The envelope of values in the state folder.
#include "lb/base/state_value.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

// The format is protocol: every release must read these bytes.
TEST(StateValueTest, HasTheseBytes) {
  const std::string value = SealStateValue({"AAAA", 2, "a"}, "body");
  EXPECT_EQ(absl::BytesToHexString(value),
            "4141414102626f6479"
            "1cfdb76bd9912f0c406cd6af5c78bea3ad6a304f294a06fd1503a58fe8d80234");
  StateValueSealer sealer({"AAAA", 2, "a"});
  sealer.Add("bo");
  sealer.Add("");
  sealer.Add("dy");
  EXPECT_EQ(std::move(sealer).Finish(), value);
}

TEST(StateValueTest, RefusesEveryTruncationAndEveryChange) {
  const StateFormat format = {"AAAA", 2, "a"};
  const std::string good = SealStateValue(format, "body");
  for (size_t i = 0; i < good.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_THAT(OpenStateValue(format, good.substr(0, i)),
                StatusIs(absl::StatusCode::kDataLoss));
    std::string changed = good;
    changed[i] ^= 1;
    EXPECT_THAT(OpenStateValue(format, changed),
                StatusIs(absl::StatusCode::kDataLoss));
  }
}

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
