#include "tests/tidy/tags.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tidy/written_tree.h"

namespace lb::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Tag> FunctionsOf(std::string_view text) {
  std::vector<Tag> functions;
  for (const Tag& tag : TagsOf({{"a.cc", std::string(text)}})) {
    if (tag.kind == "function") functions.push_back(tag);
  }
  return functions;
}

// "first-last" of each function.
std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  for (const Tag& tag : FunctionsOf(text)) {
    if (tag.name.starts_with("__anon")) continue;  // A lambda.
    lines.push_back(fmt::format("{}-{}", tag.first_line, tag.last_line));
  }
  return lines;
}

std::string ParametersOf(std::string_view text) {
  const std::vector<Tag> functions = FunctionsOf(text);
  if (functions.size() != 1) return "not one function";
  return fmt::format("{}",
                     fmt::join(SplitParameters(functions[0].signature), "; "));
}

TEST(ReadTagsTest, KnowsWhereFunctionsBeginAndEnd) {
  EXPECT_THAT(LinesOf("int F(\n    int a) {\n  return a;\n}\n"),
              ElementsAre("1-4"));
  EXPECT_THAT(LinesOf("namespace a {\nnamespace {\nvoid F() {}\n}\n}\n"),
              ElementsAre("3-3"));
  EXPECT_THAT(LinesOf("void F() {}\n\nvoid G() {\n}\n"),
              ElementsAre("1-1", "3-4"));
  EXPECT_THAT(LinesOf("template <typename T>\nT F(T t) {\n  return t;\n}\n"),
              ElementsAre("2-4"));
  EXPECT_THAT(LinesOf("extern \"C\" int F() {\n}\n"), ElementsAre("1-2"));
  EXPECT_THAT(LinesOf("TEST(A, B) {\n  F();\n}\n"), ElementsAre("1-3"));
}

TEST(ReadTagsTest, LooksIntoTypes) {
  EXPECT_THAT(LinesOf("class A {\n public:\n  void F() {\n  }\n};\n"),
              ElementsAre("3-4"));
  EXPECT_THAT(LinesOf("struct A : B {\n  int a = 1;\n  A() = default;\n"
                      "  bool F() const { return true; }\n};\n"),
              ElementsAre("4-4"));
  EXPECT_THAT(LinesOf("enum class A : int { kB, kC };\n"), IsEmpty());
}

TEST(ReadTagsTest, TakesInitializerListsAsPartOfTheConstructor) {
  EXPECT_THAT(LinesOf("A::A(int a)\n    : a_(a),\n      b_(2) {\n  F();\n}\n"),
              ElementsAre("1-5"));
  EXPECT_THAT(LinesOf("A::A(int a)\n    : a_{a},\n      b_{2} {\n  F();\n}\n"),
              ElementsAre("1-5"));
}

TEST(ReadTagsTest, PassesInitializersAndInnerBlocks) {
  EXPECT_THAT(LinesOf("const int kA[] = {1, 2};\nint b{3};\n"), IsEmpty());
  EXPECT_THAT(LinesOf("const A kA = F({\n  1,\n});\n"), IsEmpty());
  EXPECT_THAT(LinesOf("void F() {\n  if (a) {\n  }\n  G([&] { H(); });\n}\n"),
              ElementsAre("1-5"));
  EXPECT_THAT(LinesOf("#define F() {\nvoid G() {\n}\n"), ElementsAre("2-3"));
  EXPECT_THAT(LinesOf("void F() {\n  Say(\"{\", '{');  // {\n}\n"),
              ElementsAre("1-3"));
}

TEST(ReadTagsTest, SplitsParameters) {
  EXPECT_EQ(ParametersOf("void F() {}"), "");
  EXPECT_EQ(ParametersOf("void F(int a, const B& b) {}"), "int a; const B & b");
  EXPECT_EQ(ParametersOf("void F(map<int, int> a, F f = G(1, 2)) {}"),
            "map<int,int> a; F f=G (1,2)");
  EXPECT_EQ(ParametersOf("void F(std::function<void(int, int)> f) {}"),
            "std::function<void (int,int)> f");
  EXPECT_EQ(ParametersOf("bool operator()(int a, int b) const {}"),
            "int a; int b");
  EXPECT_EQ(ParametersOf("A::A(int a) : b_(c, d) {}"), "int a");
}

TEST(ParseTagsTest, PassesLinesOfAnotherForm) {
  EXPECT_THAT(ParseTags(""), IsEmpty());
  EXPECT_THAT(ParseTags("!_TAG_FILE_FORMAT\t2\t/extended/\n"), IsEmpty());
  EXPECT_THAT(ParseTags("F\ta.cc\n\n;\"\tfunction\n"), IsEmpty());
}

TEST(ParseTagsTest, ReadsFieldsInAnyOrder) {
  const std::vector<Tag> tags = ParseTags(
      "b_\ta.h\t/^\tint b_;\t;\"$/;\"\tmember\tproperties:mutable,static\t"
      "scope:class:lb::A\tend:4\tline:3\n");
  ASSERT_EQ(tags.size(), 1u);
  EXPECT_EQ(tags[0].FullName(), "lb::A::b_");
  EXPECT_EQ(tags[0].path, "a.h");
  EXPECT_EQ(tags[0].kind, "member");
  EXPECT_EQ(tags[0].LineCount(), 2);
  EXPECT_TRUE(tags[0].is_static);
  EXPECT_FALSE(tags[0].IsClass());
}

}  // namespace
}  // namespace lb::tidy
