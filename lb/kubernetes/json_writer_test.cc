#include "lb/kubernetes/json_writer.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/json_tree.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

std::string Quoted(std::string_view text) {
  JsonWriter json;
  json.Text(text);
  return std::move(json).Finish();
}

TEST(JsonWriterTest, PutsCommasAndBrackets) {
  JsonWriter json;
  json.BeginMap().Pair("a", "b").Key("list").BeginList();
  json.Number(1).Number(-2).BeginMap().EndMap().BeginList().EndList();
  json.Bool(true).Bool(false).Null().EndList();
  json.Key("c").BeginMap().Key("d").Number(0).EndMap().EndMap();
  EXPECT_EQ(std::move(json).Finish(),
            R"({"a":"b","list":[1,-2,{},[],true,false,null],"c":{"d":0}})");
}

TEST(JsonWriterTest, NumbersKeepAllDigits) {
  JsonWriter json;
  json.BeginList()
      .Number(std::numeric_limits<int64_t>::max())
      .Number(std::numeric_limits<int64_t>::min())
      .EndList();
  EXPECT_EQ(std::move(json).Finish(),
            "[9223372036854775807,-9223372036854775808]");
}

TEST(JsonWriterTest, EscapesWhatTextsMayNotHave) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  const std::vector<Case> cases = {
      {"", R"("")"},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {"\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\x7f\""},
      {std::string_view("\0", 1), R"("\u0000")"},
      {"\xc3\xa9", "\"\xc3\xa9\""},
      {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
      // No UTF-8: a byte alone, an overlong form, a surrogate, a cut character,
      // a character above U+10FFFF.
      {"\xff", "\"\xef\xbf\xbd\""},
      {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xf4\x90\x80\x80",
       "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    EXPECT_EQ(Quoted(c.text), c.json);
    EXPECT_THAT(ReadJson(Quoted(c.text)), IsOk());
  }
}

// simdjson is the judge of what is valid.
TEST(JsonWriterTest, AnyBytesBecomeValidJson) {
  const uint64_t seed = 1;
  Prng prng(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(prng.Uniform(8), '\0');
    for (char& c : text) c = static_cast<char>(prng.Uniform(256));
    ASSERT_THAT(ReadJson(Quoted(text)), IsOk())
        << "seed " << seed << ", text " << i;
  }
}

TEST(JsonTextTest, WritesATreeAsItWasRead) {
  const std::string text =
      R"({"a":[1,-0.5,1e+30,true,"true","1",null,{}],"b":{"c":"\u0001"}})";
  const absl::StatusOr<YamlNode> tree = ReadJson(text);
  ASSERT_THAT(tree, IsOk());
  EXPECT_EQ(JsonText(*tree), text);
}

TEST(JsonTextTest, APlainScalarThatIsNoJsonBecomesAText) {
  // YAML has plain texts and numbers that JSON does not know.
  for (const std::string_view text :
       {"", "-", "01", "1.", ".5", "+1", "1e", "0x10", "yes", "~", "1,2"}) {
    SCOPED_TRACE(text);
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = text;
    EXPECT_EQ(JsonText(node), "\"" + std::string(text) + "\"");
  }
}

TEST(JsonTextTest, OfAKeyThatStandsTwiceTheFirstValueCounts) {
  const absl::StatusOr<YamlNode> tree = ReadJson(R"({"a":1,"a":2})");
  ASSERT_THAT(tree, IsOk());
  EXPECT_EQ(JsonText(*tree), R"({"a":1})");
}

TEST(JsonWriterDeathTest, AWrongCallStopsTheProgram) {
  EXPECT_DEATH(JsonWriter().Key("a"), "check failed");
  EXPECT_DEATH(JsonWriter().BeginMap().Text("a"), "check failed");
  EXPECT_DEATH(JsonWriter().BeginMap().EndList(), "check failed");
  EXPECT_DEATH(JsonWriter().BeginMap().Key("a").EndMap(), "check failed");
  EXPECT_DEATH(JsonWriter().Null().Null(), "check failed");
  EXPECT_DEATH(JsonWriter().Finish(), "check failed");
}

}  // namespace
}  // namespace lb::kubernetes
