#include "lb/config/fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/label_selector.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// Reads one map and collects the faults that `read` finds, as lines.
template <typename Read>
std::vector<std::string> Faults(const std::string& text, const Read& read) {
  Report report({"f", 1}, "K/n");
  ForEachYamlDocument(
      text, [&](const YamlNode& root) { read(Fields(root, "spec", &report)); });
  std::vector<std::string> lines;
  for (const Problem& problem : report.problems()) {
    lines.push_back(problem.ToString());
  }
  return lines;
}

TEST(FieldsTest, AbsentAndNullFieldsHaveTheirDefaults) {
  EXPECT_THAT(Faults("n: ~\n",
                     [](const Fields& fields) {
                       for (const char* key : {"n", "absent"}) {
                         EXPECT_EQ(fields.Text(key), "");
                         EXPECT_TRUE(fields.Bool(key, true));
                         EXPECT_EQ(fields.MaybeBool(key), std::nullopt);
                         EXPECT_EQ(fields.Integer(key, 7, 0, 9), 7);
                         EXPECT_THAT(fields.Texts(key), IsEmpty());
                         EXPECT_THAT(fields.TextMap(key), IsEmpty());
                         EXPECT_FALSE(fields.Map(key).has_value());
                       }
                     }),
              IsEmpty());
}

TEST(FieldsTest, ReadsEachType) {
  EXPECT_THAT(Faults("t: 80\nb: yes\ni: -5\nl: [a, 'b']\nm: {k: true}\n",
                     [](const Fields& fields) {
                       EXPECT_EQ(fields.Text("t"), "80");
                       EXPECT_TRUE(fields.Bool("b", false));
                       EXPECT_EQ(fields.Integer("i", 0, -9, 9), -5);
                       EXPECT_THAT(fields.Texts("l"), ElementsAre("a", "b"));
                       EXPECT_THAT(fields.TextMap("m"),
                                   ElementsAre(Pair("k", "true")));
                     }),
              IsEmpty());
}

TEST(FieldsTest, ReportsEachWrongTypeAtItsLine) {
  EXPECT_THAT(Faults("t: []\nb: 'true'\ni: 1e3\nl: {}\nm: x\n"
                     "many: [a, [], {}]\n",
                     [](const Fields& fields) {
                       fields.Text("t");
                       fields.Bool("b", false);
                       fields.Integer("i", 0, 0, 9999);
                       fields.Texts("l");
                       fields.TextMap("m");
                       EXPECT_THAT(fields.Texts("many"), IsEmpty());
                     }),
              ElementsAre("f:1: K/n: spec.t: a list, want a text",
                          "f:2: K/n: spec.b: \"true\", want true or false",
                          "f:3: K/n: spec.i: \"1e3\", want a whole number "
                          "0..9999",
                          "f:4: K/n: spec.l: a map, want a list of texts",
                          "f:5: K/n: spec.m: \"x\", want a map",
                          "f:6: K/n: spec.many[1]: a list, want a text",
                          "f:6: K/n: spec.many[2]: a map, want a text"));
}

TEST(FieldsTest, ReportsNumbersOutOfRange) {
  EXPECT_THAT(Faults("i: 99999999999999999999\nj: 10\n",
                     [](const Fields& fields) {
                       EXPECT_EQ(fields.Integer("i", 3, 0, INT64_MAX), 3);
                       EXPECT_EQ(fields.Integer("j", 3, 0, 9), 3);
                     }),
              ElementsAre("f:1: K/n: spec.i: \"99999999999999999999\", want a "
                          "whole number 0..9223372036854775807",
                          "f:2: K/n: spec.j: \"10\", want a whole number "
                          "0..9"));
}

TEST(FieldsTest, ReportsRepeatedAndUnknownKeys) {
  EXPECT_THAT(
      Faults("a: 1\na: 2\nmetallb.io/x: 3\n",
             [](const Fields& fields) { fields.RefuseUnknown({"a"}); }),
      ElementsAre("f:2: K/n: spec.a: given twice, want it once",
                  "f:3: K/n: spec[metallb.io/x]: unknown field, want a"));
}

TEST(FieldsTest, ReportsMergeKeysThatCannotBeMerged) {
  EXPECT_THAT(Faults("<<: foo\na: {<<: ~}\nb: {<<: {x: 1}, <<: {y: 1}}\n",
                     [](const Fields& fields) {
                       fields.Map("a");
                       fields.Map("b");
                     }),
              ElementsAre("f:1: K/n: spec.<<: \"foo\", want a map or a list of "
                          "maps to merge",
                          "f:2: K/n: spec.a.<<: nothing, want a map or a list "
                          "of maps to merge",
                          "f:3: K/n: spec.b.<<: given twice, want it once: a "
                          "list of maps merges several"));
}

TEST(FieldsTest, NamesTheNearestValueAndField) {
  enum class Fruit { kApple, kPear };
  EXPECT_THAT(
      Faults("f: Aple\ng: Pear\nh: ''\nspce: 1\nother: 2\n",
             [](const Fields& fields) {
               for (const std::string_view key : {"f", "g", "h"}) {
                 const auto fruit = fields.Enum<Fruit>(
                     key, {{"Apple", Fruit::kApple}, {"Pear", Fruit::kPear}});
                 EXPECT_EQ(fruit.has_value(), key == "g");
               }
               fields.RefuseMistyped({"spec", "status"});
             }),
      ElementsAre(
          "f:1: K/n: spec.f: \"Aple\", want Apple or Pear, did you mean "
          "Apple?",
          "f:4: K/n: spec.spce: unknown field, did you mean spec?"));
}

TEST(FieldsTest, ChecksKeysAndValuesOfSelectors) {
  EXPECT_THAT(
      Faults("s:\n- matchLabels:\n    -bad-: x\n    app: a b\n"
             "- matchExpressions:\n  - {key: c!, operator: In, values: [ok]}\n"
             "  - {key: k, operator: NotIn, values: [a, '-']}\n"
             "  - {key: k, operator: in, values: [a]}\n",
             [](const Fields& fields) { fields.Selectors("s"); }),
      ElementsAre(testing::HasSubstr(
                      "f:3: K/n: spec.s[0].matchLabels.-bad-: \"-bad-\", want "
                      "a label key"),
                  testing::HasSubstr("f:4: K/n: spec.s[0].matchLabels.app: \"a "
                                     "b\", want a label value"),
                  testing::HasSubstr("f:6: K/n: spec.s[1].matchExpressions[0]."
                                     "key: \"c!\", want a label key"),
                  testing::HasSubstr("f:7: K/n: spec.s[1].matchExpressions[1]."
                                     "values[1]: \"-\", want a label value"),
                  "f:8: K/n: spec.s[1].matchExpressions[2].operator: \"in\", "
                  "want In, NotIn, Exists or DoesNotExist, did you mean In?"));
}

TEST(FieldsTest, RefusesListsThatAreTooLong) {
  std::string text = "l:\n";
  for (size_t i = 0; i <= kListItemsMax; ++i) text += "- x\n";
  EXPECT_THAT(Faults(text,
                     [](const Fields& fields) {
                       EXPECT_THAT(fields.Texts("l"), IsEmpty());
                     }),
              ElementsAre("f:1: K/n: spec.l: 10001 items, want at most 10000"));
}

TEST(FieldsTest, ReadsSelectors) {
  EXPECT_THAT(Faults("s:\n- matchLabels: {a: b}\n- matchExpressions:\n"
                     "  - {key: z, operator: In, values: [y, x]}\n",
                     [](const Fields& fields) {
                       const std::vector<LabelSelector> selectors =
                           fields.Selectors("s");
                       ASSERT_EQ(selectors.size(), 2u);
                       EXPECT_TRUE(selectors[0].Matches({{"a", "b"}}));
                       EXPECT_FALSE(selectors[0].Matches({}));
                       EXPECT_TRUE(selectors[1].Matches({{"z", "x"}}));
                     }),
              IsEmpty());
}

TEST(FieldsTest, RefusesEqualSelectorsAndValues) {
  EXPECT_THAT(Faults("s: [{}, {}]\n"
                     "t: [{matchExpressions: [{key: z, operator: In, values: "
                     "[y, y]}]}]\n",
                     [](const Fields& fields) {
                       fields.Selectors("s");
                       fields.Selectors("t");
                     }),
              ElementsAre("f:1: K/n: spec.s[1]: stands in the list already, "
                          "want it once",
                          "f:2: K/n: spec.t[0].matchExpressions[0].values: the "
                          "same value twice, want it once"));
}

}  // namespace
}  // namespace lb::config
