#include "lb/config/problem.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

TEST(ProblemTest, IsOneLineOfItsParts) {
  EXPECT_EQ(
      (Problem{{"a.yaml", 3}, "Kind/x", "spec.y", "\"z\", want w"}.ToString()),
      "a.yaml:3: Kind/x: spec.y: \"z\", want w");
  EXPECT_EQ((Problem{{"a.yaml", 0}, "", "", "cannot read it"}.ToString()),
            "a.yaml: cannot read it");
}

TEST(ProblemTest, OfAKubernetesObjectHasItsResourceVersion) {
  const Origin origin = Origin::OfKubernetes("71523");
  EXPECT_EQ((Problem{origin, "Service/ns/x", "spec.y", "bad"}.ToString()),
            "Service/ns/x (resourceVersion 71523): spec.y: bad");
  EXPECT_EQ((Problem{origin, "Service/ns/x", "", "bad"}.ToString()),
            "Service/ns/x (resourceVersion 71523): bad");
  const std::string text =
      Problem{Origin::OfKubernetes("1\n"), "Node/n", "", "x"}.ToString();
  EXPECT_EQ(text, "Node/n (resourceVersion 1\\x0a): x");
}

TEST(OriginTest, AnObjectOfKubernetesHasNoLines) {
  EXPECT_EQ(Origin("a.yaml", 3).AtLine(7), Origin("a.yaml", 7));
  const Origin origin = Origin::OfKubernetes("5");
  EXPECT_EQ(origin.AtLine(7), origin);
  EXPECT_NE(origin, Origin());
}

TEST(ProblemTest, ShowsControlCharactersAndCutsLongText) {
  EXPECT_EQ((Problem{{"a", 1}, "", "", "x\ny\x1b[31m"}.ToString()),
            "a:1: x\\x0ay\\x1b[31m");
  const std::string text =
      Problem{{"a", 1}, "", "", std::string(9999, 'x')}.ToString();
  EXPECT_EQ(text, fmt::format("a:1: {:x>2000}...", ""));
  EXPECT_EQ((Problem{{"a", 1}, std::string(9999, 'x'), "", "y"}.ToString()),
            fmt::format("a:1: {:x>500}...: y", ""));
  // It is not cut within a character: callers of the status service want UTF-8.
  const std::string umlaut =
      Problem{{"a", 1}, "", "", fmt::format("{:x>1999}\xc3\xa4", "")}
          .ToString();
  EXPECT_EQ(umlaut, fmt::format("a:1: {:x>1999}...", ""));
}

TEST(NewProblemsTest, NamesThoseThatWereNotThereBefore) {
  const Problem a = {{"f", 1}, "", "", "a"}, b = {{"f", 2}, "", "", "b"},
                moved = {{"f", 3}, "", "", "a"};
  EXPECT_EQ(NewProblems({b, a}, {}), (std::vector<Problem>{b, a}));
  EXPECT_EQ(NewProblems({b, a}, {a}), (std::vector<Problem>{b}));
  EXPECT_EQ(NewProblems({moved}, {a, b}), (std::vector<Problem>{moved}));
  EXPECT_EQ(NewProblems({}, {a}), (std::vector<Problem>{}));
}

TEST(NewProblemsTest, AnotherResourceVersionAloneMakesNoneNew) {
  const auto problem = [](const char* version, const char* message) {
    return Problem{Origin::OfKubernetes(version), "Node/n", "", message};
  };
  EXPECT_EQ(NewProblems({problem("8", "a")}, {problem("7", "a")}),
            (std::vector<Problem>{}));
  EXPECT_EQ(NewProblems({problem("7", "b")}, {problem("7", "a")}),
            (std::vector<Problem>{problem("7", "b")}));
}

}  // namespace
}  // namespace lb::config
