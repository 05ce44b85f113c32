#include "lb/kubernetes/line_splitter.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LineSplitterTest : public testing::Test {
 protected:
  absl::Status Add(std::string_view bytes) {
    return splitter_.Add(
        bytes, [&](std::string_view line) { lines_.emplace_back(line); });
  }

  LineSplitter splitter_{4};
  std::vector<std::string> lines_;
};

TEST_F(LineSplitterTest, GivesTheSameLinesHoweverTheBytesAreCut) {
  const std::string text = "a\n\nbcde\nf\n";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      SCOPED_TRACE(testing::Message() << first << " " << second);
      splitter_ = LineSplitter(4);
      lines_.clear();
      EXPECT_THAT(Add(text.substr(0, first)), IsOk());
      EXPECT_THAT(Add(text.substr(first, second - first)), IsOk());
      EXPECT_THAT(Add(text.substr(second)), IsOk());
      EXPECT_THAT(lines_, ElementsAre("a", "bcde", "f"));
      EXPECT_EQ(splitter_.pending(), 0u);
    }
  }
}

TEST_F(LineSplitterTest, KeepsAnUnfinishedLine) {
  EXPECT_THAT(Add("ab"), IsOk());
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_EQ(splitter_.pending(), 2u);
}

TEST_F(LineSplitterTest, RefusesALineBeyondTheBound) {
  EXPECT_THAT(Add("x\nabcd"), IsOk());
  EXPECT_THAT(Add("e"), StatusIs(absl::StatusCode::kResourceExhausted,
                                 HasSubstr("more than 4 bytes")));
  EXPECT_THAT(lines_, ElementsAre("x"));
}

TEST_F(LineSplitterTest, RefusesALongLineThatComesWhole) {
  EXPECT_THAT(Add("abcde\n"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(lines_, IsEmpty());
}

}  // namespace
}  // namespace lb::kubernetes
