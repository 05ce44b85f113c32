#include "lb/base/label_selector.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using Operator = LabelRequirement::Operator;
using testing::HasSubstr;

TEST(LabelRequirementTest, EachOperatorOnEachCase) {
  struct Case {
    Operator op;
    std::vector<std::string> values;
    bool listed, other, absent;  // For zone=a, zone=b and no zone.
  };
  const Case cases[] = {
      {Operator::kIn, {"a", "c"}, true, false, false},
      {Operator::kNotIn, {"a", "c"}, false, true, true},
      {Operator::kExists, {}, true, true, false},
      {Operator::kDoesNotExist, {}, false, false, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(static_cast<int>(c.op));
    const LabelRequirement requirement = {"zone", c.op, c.values};
    EXPECT_EQ(requirement.Matches({{"zone", "a"}}), c.listed);
    EXPECT_EQ(requirement.Matches({{"zone", "b"}}), c.other);
    EXPECT_EQ(requirement.Matches({{"rack", "a"}}), c.absent);
  }
}

TEST(LabelSelectorTest, AllPartsMustHold) {
  const LabelSelector selector = {{{"app", "web"}, {"tier", "front"}},
                                  {{"canary", Operator::kDoesNotExist, {}}}};
  EXPECT_TRUE(selector.Matches({{"app", "web"}, {"tier", "front"}}));
  EXPECT_FALSE(selector.Matches({{"app", "web"}}));
  EXPECT_FALSE(selector.Matches({{"app", "web"}, {"tier", "back"}}));
  EXPECT_FALSE(
      selector.Matches({{"app", "web"}, {"tier", "front"}, {"canary", "yes"}}));
}

TEST(LabelSelectorTest, EmptySelectorMatchesAllAndNoSelectorNothing) {
  EXPECT_TRUE(LabelSelector{}.Matches({}));
  EXPECT_TRUE(MatchesAny({LabelSelector{}}, {{"app", "web"}}));
  EXPECT_FALSE(MatchesAny({}, {{"app", "web"}}));
  EXPECT_TRUE(MatchesAny({{{{"app", "db"}}, {}}, {{{"app", "web"}}, {}}},
                         {{"app", "web"}}));
}

TEST(ValidateLabelSelectorTest, NamesTheFirstBadRequirement) {
  EXPECT_THAT(Validate(LabelSelector{}), IsOk());
  EXPECT_THAT(Validate({{}, {{"zone", Operator::kIn, {"a"}}}}), IsOk());
  EXPECT_THAT(Validate({{}, {{"zone", Operator::kIn, {}}}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("\"zone\": 0 values, want at least one")));
  EXPECT_THAT(Validate({{}, {{"zone", Operator::kExists, {"a"}}}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("\"zone\": 1 values, want none")));
  EXPECT_THAT(Validate({{}, {{"", Operator::kExists, {}}}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key")));
}

}  // namespace
}  // namespace lb
