#include "lb/config/problem.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

TEST(ProblemTest, IsOneLineOfItsParts) {
  EXPECT_EQ(
      (Problem{"a.yaml", 3, "Kind/x", "spec.y", "\"z\", want w"}.ToString()),
      "a.yaml:3: Kind/x: spec.y: \"z\", want w");
  EXPECT_EQ((Problem{"a.yaml", 0, "", "", "cannot read it"}.ToString()),
            "a.yaml: cannot read it");
}

TEST(ProblemTest, ShowsControlCharactersAndCutsLongText) {
  EXPECT_EQ((Problem{"a", 1, "", "", "x\ny\x1b[31m"}.ToString()),
            "a:1: x\\x0ay\\x1b[31m");
  const std::string text =
      Problem{"a", 1, "", "", std::string(9999, 'x')}.ToString();
  EXPECT_EQ(text, fmt::format("a:1: {:x>2000}...", ""));
  EXPECT_EQ((Problem{"a", 1, std::string(9999, 'x'), "", "y"}.ToString()),
            fmt::format("a:1: {:x>500}...: y", ""));
  // It is not cut within a character: callers of the status service want UTF-8.
  const std::string umlaut =
      Problem{"a", 1, "", "", fmt::format("{:x>1999}\xc3\xa4", "")}.ToString();
  EXPECT_EQ(umlaut, fmt::format("a:1: {:x>1999}...", ""));
}

TEST(NewProblemsTest, NamesThoseThatWereNotThereBefore) {
  const Problem a = {"f", 1, "", "", "a"}, b = {"f", 2, "", "", "b"},
                moved = {"f", 3, "", "", "a"};
  EXPECT_EQ(NewProblems({b, a}, {}), (std::vector<Problem>{b, a}));
  EXPECT_EQ(NewProblems({b, a}, {a}), (std::vector<Problem>{b}));
  EXPECT_EQ(NewProblems({moved}, {a, b}), (std::vector<Problem>{moved}));
  EXPECT_EQ(NewProblems({}, {a}), (std::vector<Problem>{}));
}

}  // namespace
}  // namespace lb::config
