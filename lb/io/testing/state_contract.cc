// What every StateStore does.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/testing/io_contract.h"

namespace lb::io {
namespace {

using testing::ElementsAre;

TEST_P(IoContractTest, WhatWasWrittenIsRead) {
  StateStore* state = harness_->first().state;
  EXPECT_THAT(state->Read("ledger"), StatusIs(absl::StatusCode::kNotFound));
  const std::string value("a\0b\n", 4);
  bool answered = false;
  state->Write("ledger", value, [&](const absl::Status& status) {
    EXPECT_THAT(status, IsOk());
    answered = true;
  });
  EXPECT_FALSE(answered);
  ASSERT_TRUE(RunUntil([&] { return answered; }));
  EXPECT_THAT(state->Read("ledger"), IsOkAndHolds(value));
  EXPECT_THAT(state->Read("other"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(IoContractTest, EachNodeHasItsOwnState) {
  bool answered = false;
  harness_->first().state->Write("x", "1", [&](auto) { answered = true; });
  ASSERT_TRUE(RunUntil([&] { return answered; }));
  EXPECT_THAT(harness_->second().state->Read("x"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(IoContractTest, TheLastOfManyWritesStandsAndAllAreAnsweredInOrder) {
  StateStore* state = harness_->first().state;
  std::vector<int> answered;
  for (int n = 0; n < 50; ++n) {
    state->Write("ledger", std::to_string(n), [&answered, n](auto status) {
      EXPECT_THAT(status, IsOk());
      answered.push_back(n);
    });
  }
  ASSERT_TRUE(RunUntil([&] { return answered.size() == 50; }));
  EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end()));
  EXPECT_THAT(state->Read("ledger"), IsOkAndHolds("49"));
}

TEST_P(IoContractTest, AWriteMayFollowFromAnAnswer) {
  StateStore* state = harness_->first().state;
  std::vector<std::string> steps;
  state->Write("a", "1", [&](auto) {
    steps.push_back("first");
    state->Write("a", "2", [&](auto) { steps.push_back("second"); });
  });
  ASSERT_TRUE(RunUntil([&] { return steps.size() == 2; }));
  EXPECT_THAT(steps, ElementsAre("first", "second"));
  EXPECT_THAT(state->Read("a"), IsOkAndHolds("2"));
}

}  // namespace
}  // namespace lb::io
