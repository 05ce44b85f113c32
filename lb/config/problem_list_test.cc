#include "lb/config/problem_list.h"

#include <cstdint>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::config {
namespace {

Problem ProblemOf(const std::string& object, const std::string& message) {
  return {{}, object, "", message};
}

TEST(ProblemListTest, FindsObjectsWithProblems) {
  const std::vector<Problem> list = {ProblemOf("b", "x"), ProblemOf("d", "y")};
  EXPECT_TRUE(HasProblemsOf("b", list));
  EXPECT_TRUE(HasProblemsOf("d", list));
  for (const char* const object : {"a", "c", "e", ""}) {
    EXPECT_FALSE(HasProblemsOf(object, list)) << object;
  }
}

TEST(ProblemListTest, ReturnsThoseThatAreNew) {
  std::vector<Problem> list = {ProblemOf("b", "x"), ProblemOf("b", "y")};
  EXPECT_EQ(ReplaceProblems({{"a", {ProblemOf("a", "n")}},
                             {"b", {ProblemOf("b", "y"), ProblemOf("b", "z")}}},
                            &list),
            (std::vector<Problem>{ProblemOf("a", "n"), ProblemOf("b", "z")}));
  EXPECT_EQ(ReplaceProblems({}, &list), std::vector<Problem>());
}

// Against a map that is written out after each step.
TEST(ProblemListTest, IsTheListOfAllObjectsInTheirOrder) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Prng prng(seed);
    std::vector<Problem> list;
    ProblemsOf all;
    for (int step = 0; step < 40; ++step) {
      ProblemsOf now;
      while (prng.Chance(70)) {
        const std::string object(1, static_cast<char>('a' + prng.Uniform(8)));
        std::vector<Problem>& problems = now[object];
        problems.clear();
        while (prng.Chance(50)) {
          problems.push_back(ProblemOf(object, std::to_string(prng.Next())));
        }
      }
      for (const auto& [object, problems] : now) all[object] = problems;
      ReplaceProblems(now, &list);
      std::vector<Problem> expected;
      for (const auto& [object, problems] : all) {
        expected.insert(expected.end(), problems.begin(), problems.end());
      }
      ASSERT_EQ(list, expected) << fmt::format("seed {} step {}", seed, step);
    }
  }
}

}  // namespace
}  // namespace lb::config
