#include "lb/kubernetes/cut_text.h"

#include <cstddef>
#include <string>

#include "gtest/gtest.h"
#include "lb/config/printable.h"

namespace lb::kubernetes {
namespace {

TEST(CutTextTest, KeepsAShortText) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("", 3), "");
}

TEST(CutTextTest, TheResultIsWithinTheBoundAndPrintable) {
  const std::string text = "ab\xc3\xa9\xf0\x9f\x98\x80\x1b\n\xff yz";
  for (size_t bytes_max = 3; bytes_max < 40; ++bytes_max) {
    SCOPED_TRACE(bytes_max);
    const std::string cut = CutText(text, bytes_max);
    EXPECT_LE(cut.size(), bytes_max);
    EXPECT_EQ(cut, config::Printable(cut));
  }
  EXPECT_EQ(CutText(text, 3), "...");
  EXPECT_EQ(CutText(text, 7), "ab\xc3\xa9...");
  EXPECT_EQ(CutText(text, 8), "ab\xc3\xa9...");
}

}  // namespace
}  // namespace lb::kubernetes
