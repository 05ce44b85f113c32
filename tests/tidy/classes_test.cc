#include "tests/tidy/classes.h"

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
using testing::UnorderedElementsAre;

// "NAME LINES FIELDS" of each class of the tree.
std::vector<std::string> SizesOf(const TextByPath& tree) {
  std::vector<std::string> sizes;
  for (const ClassSize& size : MeasureClasses(TagsOf(tree))) {
    sizes.push_back(
        fmt::format("{} {} {}", size.name, size.lines, size.fields));
  }
  return sizes;
}

struct FieldsCase {
  std::string_view declaration;
  int fields;
};

TEST(MeasureClassesTest, CountsFields) {
  for (const FieldsCase& c : std::vector<FieldsCase>{
           {"int a;", 1},
           {"int a, b;", 2},
           {"int a = 1; int b{2};", 2},
           {"std::map<int, std::vector<int>> a_;", 1},
           {"std::map<int,\n           int>\n      a_;", 1},
           {"std::function<void(int, int)> a_ = [](int, int) {};", 1},
           {"absl::AnyInvocable<void()> a_;", 1},
           {"int (*a_)(int);", 1},
           {"int a_[3]; int b_ : 3; mutable int c_; volatile int d_;", 4},
           {"int a_ ABSL_GUARDED_BY(mutex_) = 0;", 1},
           {"std::unique_ptr<A> a_, b_;", 2},
           {"static constexpr int kMax = 3; static int count_;", 0},
           {"inline static const int kMax = 3;", 0},
           {"using B = int; typedef int C; friend class D;", 0},
           {"enum class E { kA, kB }; E e_ = E::kA;", 1},
           {"C(); ~C() = default; void F(int a) const; int G() { return 1; }",
            0},
           {"void F() { int local = 1; }", 0},
           {"bool operator==(const C& c) const = default;", 0},
           {"template <typename T> void F(T t);", 0},
           {"// int a;\n", 0},
       }) {
    SCOPED_TRACE(c.declaration);
    const auto sizes = SizesOf(
        {{"a.h", fmt::format("class C {{\n {}\n}};\n", c.declaration)}});
    ASSERT_EQ(sizes.size(), 1u);
    EXPECT_EQ(sizes[0].substr(sizes[0].rfind(' ') + 1),
              fmt::format("{}", c.fields));
  }
}

TEST(MeasureClassesTest, AddsLinesOfAllFiles) {
  EXPECT_THAT(SizesOf({{"a.h",
                        "namespace n {\nclass C {\n  void F();\n  C();\n"
                        "  void G() {}\n  static const int kA[];\n};\n}\n"},
                       {"a.cc",
                        "namespace n {\nC::C()\n    : a_{1},\n      b_(2) {\n"
                        "}\nconst int C::kA[] = {\n  1,\n};\nvoid Free() {\n"
                        "}\n}\n"},
                       {"b.cc", "void n::C::F() {\n  a();\n}\n"}}),
              ElementsAre("n::C 16 0"));
}

TEST(MeasureClassesTest, MeasuresNestedClassesAlone) {
  EXPECT_THAT(
      SizesOf({{"a.h",
                "class A {\n  struct B {\n    void F();\n    int b;\n"
                "  };\n  int a;\n  void F();\n};\n"},
               {"a.cc", "void A::F() {\n}\nvoid A::B::F() {\n  b();\n}\n"}}),
      UnorderedElementsAre("A 10 1", "A::B 7 1"));
}

TEST(MeasureClassesTest, KnowsTemplates) {
  EXPECT_THAT(SizesOf({{"a.h",
                        "template <typename T>\nclass A {\n  void F();\n"
                        "  T t_;\n};\ntemplate <typename T>\n"
                        "void A<T>::F() {\n  t_();\n}\n"}}),
              ElementsAre("A 7 1"));
}

TEST(MeasureClassesTest, KeepsClassesOfOneNameApart) {
  const std::string hidden =
      "namespace {{\nclass A {{\n  void F();\n  int a;{}\n}};\n"
      "void A::F() {{\n}}\n}}\n";
  EXPECT_THAT(
      SizesOf({{"a.cc", fmt::format(fmt::runtime(hidden), "")},
               {"b.cc", fmt::format(fmt::runtime(hidden), "\n  int b;")}}),
      UnorderedElementsAre("A 6 1", "A 7 2"));
  EXPECT_THAT(SizesOf({{"a.cc",
                        "struct A {\n  void F();\n};\n"
                        "void A::F() {}\n"},
                       {"b.cc",
                        "struct A {\n  void F();\n  int b;\n};\n"
                        "void A::F() {\n}\n"}}),
              UnorderedElementsAre("A 4 0", "A 6 1"));
}

TEST(MeasureClassesTest, PassesDeclarationsAndPreprocessorLines) {
  EXPECT_THAT(SizesOf({{"a.h",
                        "class A;\nstruct B;\nenum class C { kA };\n"
                        "#define D class E { int a; };\n"}}),
              IsEmpty());
}

struct CheckCase {
  ClassSize size;
  std::vector<LargeClass> exceptions;
  std::string_view finding;  // Part of the message. Empty: none.
};

TEST(CheckClassesTest, HoldsLimitsAndExceptions) {
  for (const CheckCase& c : std::vector<CheckCase>{
           {{"A", "a.h", 1, 500, 20}, {}, ""},
           {{"A", "a.h", 1, 501, 20}, {}, "A has 501 lines"},
           {{"A", "a.h", 1, 500, 21}, {}, "A has 21 fields"},
           {{"A", "a.h", 1, 501, 21}, {{"A", 501, 21, "why"}}, ""},
           {{"A", "a.h", 1, 501, 2}, {{"A", 501, 0, "why"}}, ""},
           {{"A", "a.h", 1, 502, 2}, {{"A", 501, 0, "why"}}, "want 501"},
           {{"A", "a.h", 1, 501, 21}, {{"A", 501, 0, "why"}}, "want 20"},
           {{"A", "a.h", 1, 501, 2}, {{"A", 502, 0, "why"}}, "write 501"},
           {{"A", "a.h", 1, 500, 21}, {{"A", 501, 21, "why"}}, "write 0"},
           {{"A", "a.h", 1, 501, 20}, {{"A", 501, 21, "why"}}, "write 0"},
           {{"A", "a.h", 1, 9, 2}, {{"A", 0, 0, "why"}}, "delete its entry"},
           {{"A", "a.h", 1, 9, 2}, {{"B", 501, 0, "why"}}, "no class B"},
       }) {
    const std::vector<Finding> findings = CheckClasses({c.size}, c.exceptions);
    SCOPED_TRACE(fmt::format("{} lines, {} fields, {}", c.size.lines,
                             c.size.fields, c.finding));
    ASSERT_EQ(findings.size(), c.finding.empty() ? 0u : 1u);
    if (c.finding.empty()) continue;
    EXPECT_THAT(findings[0].message,
                testing::HasSubstr(std::string(c.finding)));
  }
}

}  // namespace
}  // namespace lb::tidy
