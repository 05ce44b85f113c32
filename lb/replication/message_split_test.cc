#include "lb/replication/message_split.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::replication {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Draft {
 public:
  bool Add(std::string_view word, size_t size_max) {
    if (text_.size() + word.size() > size_max) return false;
    text_ += word;
    return true;
  }
  bool is_empty() const { return text_.empty(); }
  std::string Serialize() { return text_; }

 private:
  std::string text_;
};

SplitMessages Split(const std::vector<std::string>& words, size_t size_max) {
  return SplitIntoMessages<Draft>(words, size_max);
}

TEST(SplitIntoMessagesTest, FillsEachMessageInOrder) {
  EXPECT_THAT(Split({"a", "bb", "c", "dd", "e"}, 3).messages,
              ElementsAre("abb", "cdd", "e"));
  EXPECT_THAT(Split({"a", "bb"}, 3).messages, ElementsAre("abb"));
  EXPECT_THAT(Split({}, 3).messages, IsEmpty());
}

TEST(SplitIntoMessagesTest, WhatNeverFitsIsCountedAndSplitsNothing) {
  const SplitMessages split = Split({"large", "a", "large", "b", "large"}, 3);
  EXPECT_THAT(split.messages, ElementsAre("ab"));
  EXPECT_EQ(split.left_out, 3u);
  EXPECT_THAT(Split({"a"}, 0).messages, IsEmpty());
}

}  // namespace
}  // namespace lb::replication
