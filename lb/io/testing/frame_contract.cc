#include "lb/io/testing/frame_contract.h"

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {

using testing::ElementsAre;

// Experiments have one EtherType; the mark is the byte behind it.
constexpr char kMarked[] = "ether proto 0x88b5";

std::vector<uint8_t> MarkedFrame(uint8_t mark) {
  std::vector<uint8_t> frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,   0,
                                0x5e, 0,    0x53, 1,    0x88, 0xb5, mark};
  frame.resize(60);
  return frame;
}

FrameProgram MarksFrom(uint8_t first) {
  return {{FrameOpcode::kLoadHalf, 0, 0, 12},
          {FrameOpcode::kJumpIfEqual, 0, 3, 0x88b5},
          {FrameOpcode::kLoadByte, 0, 0, 14},
          {FrameOpcode::kJumpIfAtLeast, 0, 1, first},
          {FrameOpcode::kReturn, 0, 0, 0x40000},
          {FrameOpcode::kReturn, 0, 0, 0}};
}

void FrameContractTest::SetUp() {
  harness_ = GetParam()();
  if (harness_ == nullptr) {
    GTEST_SKIP() << "SKIPPED: no network namespace, want CAP_SYS_ADMIN";
  }
  sender_ = harness_->OpenSender(kMarked);
  receiver_ = harness_->OpenReceiver(kMarked);
  receiver_->SetReceiver([this](auto frame) { heard_.push_back(frame[14]); });
}

std::vector<uint8_t> FrameContractTest::Exchange(
    const std::vector<uint8_t>& marks) {
  heard_.clear();
  for (const uint8_t mark : marks) {
    EXPECT_THAT(sender_->Send(MarkedFrame(mark)), IsOk());
  }
  EXPECT_TRUE(harness_->RunUntil(
      [&] { return !heard_.empty() && heard_.back() == marks.back(); },
      absl::Seconds(10)));
  return heard_;
}

TEST_P(FrameContractTest, AFilterReplacesTheLastOne) {
  EXPECT_THAT(Exchange({1, 2, 3}), ElementsAre(1, 2, 3));
  EXPECT_THAT(receiver_->SetFilter(MarksFrom(2)), IsOk());
  EXPECT_THAT(Exchange({1, 2, 3}), ElementsAre(2, 3));
  EXPECT_THAT(receiver_->SetFilter(MarksFrom(3)), IsOk());
  EXPECT_THAT(Exchange({1, 2, 3}), ElementsAre(3));
  EXPECT_THAT(receiver_->SetFilter(MarksFrom(0)), IsOk());
  EXPECT_THAT(Exchange({1, 2, 3}), ElementsAre(1, 2, 3));
}

TEST_P(FrameContractTest, WhatIsNoProgramIsRefusedAndTheLastOneStays) {
  EXPECT_THAT(receiver_->SetFilter(MarksFrom(2)), IsOk());
  const FrameInstruction accept = {FrameOpcode::kReturn, 0, 0, 0x40000};
  const struct {
    const char* name;
    FrameProgram program;
  } kCases[] = {
      {"empty", {}},
      {"too large", FrameProgram(kFrameProgramSizeMax + 1, accept)},
      {"jumps beyond the end", {{FrameOpcode::kJumpIfEqual, 0, 1, 7}, accept}},
      {"does not return", {accept, {FrameOpcode::kLoadByte, 0, 0, 0}}},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    EXPECT_THAT(receiver_->SetFilter(test.program),
                StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(Exchange({1, 2}), ElementsAre(2));
  }
  EXPECT_THAT(receiver_->SetFilter(FrameProgram(kFrameProgramSizeMax, accept)),
              IsOk());
}

TEST_P(FrameContractTest, WhatBothFiltersPassIsNotLost) {
  std::vector<uint8_t> sent;
  for (int n = 0; n < 500; ++n) {
    if (n % 10 == 0) {
      EXPECT_THAT(receiver_->SetFilter(MarksFrom(n % 20 == 0 ? 1 : 2)), IsOk());
    }
    sent.push_back(static_cast<uint8_t>(2 + n % 100));
    EXPECT_THAT(sender_->Send(MarkedFrame(sent.back())), IsOk());
  }
  EXPECT_TRUE(harness_->RunUntil([&] { return heard_.size() == sent.size(); },
                                 absl::Seconds(10)));
  EXPECT_EQ(heard_, sent);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FrameContractTest);

}  // namespace lb::io
