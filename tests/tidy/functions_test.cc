#include "tests/tidy/functions.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tidy/source_file.h"

namespace lb::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "first-last" of each function.
std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  const Functions found = FindFunctions(ParseSource("a.cc", text));
  EXPECT_TRUE(found.balanced);
  for (const Function& function : found.functions) {
    lines.push_back(
        fmt::format("{}-{}", function.first_line, function.last_line));
  }
  return lines;
}

std::string ParametersOf(std::string_view text) {
  const Functions found = FindFunctions(ParseSource("a.cc", text));
  if (found.functions.size() != 1) return "not one function";
  return fmt::format("{}", fmt::join(found.functions[0].parameters, "; "));
}

TEST(FindFunctionsTest, KnowsWhereTheyBeginAndEnd) {
  EXPECT_THAT(LinesOf("int F(\n    int a) {\n  return a;\n}\n"),
              ElementsAre("1-4"));
  EXPECT_THAT(LinesOf("namespace a {\nnamespace {\nvoid F() {}\n}\n}\n"),
              ElementsAre("3-3"));
  EXPECT_THAT(LinesOf("void F() {}\n\nvoid G() {\n}\n"),
              ElementsAre("1-1", "3-4"));
  EXPECT_THAT(LinesOf("template <typename T>\nT F(T t) {\n  return t;\n}\n"),
              ElementsAre("1-4"));
  EXPECT_THAT(LinesOf("extern \"C\" int F() {\n}\n"), ElementsAre("1-2"));
}

TEST(FindFunctionsTest, LooksIntoTypes) {
  EXPECT_THAT(LinesOf("class A {\n public:\n  void F() {\n  }\n};\n"),
              ElementsAre("3-4"));
  EXPECT_THAT(LinesOf("struct A : B {\n  int a = 1;\n  A() = default;\n"
                      "  bool F() const { return true; }\n};\n"),
              ElementsAre("4-4"));
  EXPECT_THAT(LinesOf("enum class A : int { kB, kC };\n"), IsEmpty());
}

TEST(FindFunctionsTest, TakesInitializerListsAsPartOfTheConstructor) {
  EXPECT_THAT(LinesOf("A::A(int a)\n    : a_(a),\n      b_(2) {\n  F();\n}\n"),
              ElementsAre("1-5"));
  EXPECT_THAT(LinesOf("A::A(int a)\n    : a_{a},\n      b_{2} {\n  F();\n}\n"),
              ElementsAre("1-5"));
}

TEST(FindFunctionsTest, PassesInitializersAndInnerBlocks) {
  EXPECT_THAT(LinesOf("const int kA[] = {1, 2};\nint b{3};\n"), IsEmpty());
  EXPECT_THAT(LinesOf("const A kA = F({\n  1,\n});\n"), IsEmpty());
  EXPECT_THAT(LinesOf("void F() {\n  if (a) {\n  }\n  G([&] { H(); });\n}\n"),
              ElementsAre("1-5"));
  EXPECT_THAT(LinesOf("#define F() {\nvoid G() {\n}\n"), ElementsAre("2-3"));
  EXPECT_THAT(LinesOf("void F() {\n  Say(\"{\", '{');  // {\n}\n"),
              ElementsAre("1-3"));
}

TEST(FindFunctionsTest, SplitsParameters) {
  EXPECT_EQ(ParametersOf("void F() {}"), "");
  EXPECT_EQ(ParametersOf("void F(int a, const B& b) {}"), "int a; const B& b");
  EXPECT_EQ(ParametersOf("void F(map<int, int> a, F f = G(1, 2)) {}"),
            "map<int, int> a; F f = G(1, 2)");
  EXPECT_EQ(ParametersOf("bool operator()(int a, int b) const {}"),
            "int a; int b");
  EXPECT_EQ(ParametersOf("A::A(int a) : b_(c, d) {}"), "int a");
}

TEST(FindFunctionsTest, SaysThatBracesDoNotMatch) {
  EXPECT_FALSE(FindFunctions(ParseSource("a.cc", "void F() {\n")).balanced);
  EXPECT_FALSE(FindFunctions(ParseSource("a.cc", "}\n")).balanced);
}

}  // namespace
}  // namespace lb::tidy
