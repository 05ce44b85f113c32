#include "lb/config/empty_files.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Files = std::vector<std::string>;

class EmptyFilesTest : public testing::Test {
 protected:
  // Those that still count as being written, `seconds` after the start.
  Files SettleAt(double seconds, Files files) {
    empty_files_.Settle(At(seconds), &files);
    return files;
  }
  static absl::Time At(double seconds) {
    return absl::UnixEpoch() + absl::Seconds(seconds);
  }

  EmptyFiles empty_files_;
};

TEST_F(EmptyFilesTest, AFileIsEmptyAfterTwoSeconds) {
  EXPECT_THAT(SettleAt(0, {"a"}), ElementsAre("a"));
  EXPECT_EQ(empty_files_.NextDeadline(), At(2));
  EXPECT_THAT(SettleAt(1.999, {"a"}), ElementsAre("a"));
  EXPECT_EQ(empty_files_.NextDeadline(), At(2));
  EXPECT_THAT(SettleAt(2, {"a"}), IsEmpty());
  EXPECT_EQ(empty_files_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(SettleAt(9, {"a"}), IsEmpty()) << "it stays so";
}

TEST_F(EmptyFilesTest, WhatWasWrittenMeanwhileBeginsAnew) {
  SettleAt(0, {"a"});
  SettleAt(1, {});
  EXPECT_EQ(empty_files_.NextDeadline(), absl::InfiniteFuture());
  EXPECT_THAT(SettleAt(3, {"a"}), ElementsAre("a"));
  EXPECT_EQ(empty_files_.NextDeadline(), At(5));
}

TEST_F(EmptyFilesTest, EachFileHasItsOwnTime) {
  SettleAt(0, {"a"});
  EXPECT_THAT(SettleAt(1, {"b", "a"}), ElementsAre("b", "a"));
  EXPECT_EQ(empty_files_.NextDeadline(), At(2));
  EXPECT_THAT(SettleAt(2.5, {"b", "a"}), ElementsAre("b"));
  EXPECT_EQ(empty_files_.NextDeadline(), At(3));
}

}  // namespace
}  // namespace lb::config
