#include "lb/kubernetes/json_tree.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ReadJsonTest, ValuesKeepTheirKindAndTheirDigits) {
  struct Case {
    std::string_view json;
    YamlNode::Kind kind;
    std::string_view text;
    bool plain;
  };
  const std::vector<Case> cases = {
      {"null", YamlNode::Kind::kNull, "", true},
      {"true", YamlNode::Kind::kScalar, "true", true},
      {"false", YamlNode::Kind::kScalar, "false", true},
      {R"("true")", YamlNode::Kind::kScalar, "true", false},
      {R"("")", YamlNode::Kind::kScalar, "", false},
      {"0", YamlNode::Kind::kScalar, "0", true},
      {"-9223372036854775808", YamlNode::Kind::kScalar, "-9223372036854775808",
       true},
      {"18446744073709551615", YamlNode::Kind::kScalar, "18446744073709551615",
       true},
      {"0.5", YamlNode::Kind::kScalar, "0.5", true},
      {"1e3", YamlNode::Kind::kScalar, "1000", true},
      {R"("a\u00e9\ud83d\ude00\n")", YamlNode::Kind::kScalar,
       "a\xc3\xa9\xf0\x9f\x98\x80\n", false},
      {"[]", YamlNode::Kind::kSequence, "", true},
      {" {} ", YamlNode::Kind::kMap, "", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    const absl::StatusOr<YamlNode> tree = ReadJson(c.json);
    ASSERT_THAT(tree, IsOk());
    EXPECT_EQ(tree->kind, c.kind);
    EXPECT_EQ(tree->text, c.text);
    EXPECT_EQ(tree->plain, c.plain);
    EXPECT_EQ(tree->line, 0);
  }
}

TEST(ReadJsonTest, AKeyThatStandsTwiceStaysTwice) {
  const absl::StatusOr<YamlNode> tree = ReadJson(R"({"a":1,"b":[2],"a":3})");
  ASSERT_THAT(tree, IsOk());
  std::vector<std::string> keys;
  for (const YamlNode& child : tree->children) keys.push_back(child.key);
  EXPECT_THAT(keys, ElementsAre("a", "b", "a"));
}

TEST(ReadJsonTest, DropsTheManagedFieldsOfMetadataOnly) {
  const absl::StatusOr<YamlNode> tree = ReadJson(
      R"({"managedFields":1,"metadata":{"managedFields":[{"a":{}}],"name":"x",)"
      R"("labels":{"managedFields":"y"}}})");
  ASSERT_THAT(tree, IsOk());
  EXPECT_EQ(JsonText(*tree), R"({"managedFields":1,"metadata":{"name":"x",)"
                             R"("labels":{"managedFields":"y"}}})");
}

TEST(ReadJsonTest, RefusesEveryTruncation) {
  const std::string_view text =
      R"({"a":[1,2.5,"x\n\u00e9",null,true],"b":{"c":{}}})";
  ASSERT_THAT(ReadJson(text), IsOk());
  for (size_t size = 0; size < text.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_THAT(ReadJson(text.substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want valid JSON")));
  }
}

TEST(ReadJsonTest, RefusesWhatIsNoJson) {
  for (const std::string_view text :
       {"", " ", "{,}", "[1,]", "{\"a\" 1}", "'a'", "\"\x01\"", "\"\xff\"",
        "nul", "01", "1.", "{}{}", "\"\\ud800\"", "NaN", "<html>"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ReadJson(text), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(ReadJsonTest, BoundsDepthAndValues) {
  const std::string deepest = std::string(63, '[') + "1" + std::string(63, ']');
  EXPECT_THAT(ReadJson(deepest), IsOk());
  EXPECT_THAT(ReadJson("[" + deepest + "]"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("deeper than 64")));
  // Beyond what simdjson reads.
  EXPECT_THAT(ReadJson(std::string(100'000, '[') + std::string(100'000, ']')),
              StatusIs(absl::StatusCode::kResourceExhausted));

  EXPECT_THAT(ReadJson("[1,2,3]", {.nodes_max = 4}), IsOk());
  EXPECT_THAT(ReadJson("[1,2,3]", {.nodes_max = 3}),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("more than 3 values")));
}

struct Listed {
  std::vector<std::string> items;
  std::vector<absl::Status> statuses;
  absl::StatusOr<YamlNode> rest = absl::UnknownError("");
};

Listed ReadList(std::string_view text, const JsonBounds& bounds = {}) {
  Listed listed;
  listed.rest = ReadJsonList(
      text,
      [&](const JsonObject& item) {
        listed.items.push_back(JsonText(item.tree));
        listed.statuses.push_back(item.status);
      },
      bounds);
  return listed;
}

TEST(ReadJsonListTest, GivesItemsInOrderAndTheRest) {
  const Listed listed = ReadList(
      R"({"kind":"L","items":[{"a":1},{"b":2}],"metadata":{"continue":"t"}})");
  ASSERT_THAT(listed.rest, IsOk());
  EXPECT_THAT(listed.items, ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_EQ(TextAt(*listed.rest, "metadata.continue"), "t");
  EXPECT_EQ(listed.rest->Find("items"), nullptr);
}

TEST(ReadJsonListTest, NullIsAnEmptyList) {
  const Listed listed = ReadList(R"({"items":null,"metadata":{}})");
  EXPECT_THAT(listed.rest, IsOk());
  EXPECT_THAT(listed.items, IsEmpty());
}

TEST(ReadJsonListTest, RefusesWhatIsNoList) {
  for (const std::string_view text :
       {"[]", "{}", R"({"items":{}})", R"({"items":"x"})", "{"}) {
    SCOPED_TRACE(text);
    const Listed listed = ReadList(text);
    EXPECT_THAT(listed.rest, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(listed.items, IsEmpty());
  }
}

TEST(ReadJsonListTest, AnItemBeyondTheBoundsComesWithItsNameAlone) {
  const Listed listed =
      ReadList(R"({"items":[{"metadata":{"name":"a","namespace":"n","uid":"u",)"
               R"("resourceVersion":"7","labels":{"x":"y"}},"spec":[[[1]]]},)"
               R"({"metadata":{"name":"b"}}]})",
               {.depth_max = 4});
  ASSERT_THAT(listed.rest, IsOk());
  ASSERT_THAT(listed.statuses, SizeIs(2));
  EXPECT_THAT(listed.statuses[0],
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(listed.items[0],
            R"({"metadata":{"name":"a","namespace":"n","uid":"u",)"
            R"("resourceVersion":"7"}})");
  EXPECT_THAT(listed.statuses[1], IsOk());
}

TEST(ReadJsonEventTest, GivesTypeAndObject) {
  const absl::StatusOr<JsonEvent> event =
      ReadJsonEvent(R"({"type":"ADDED","object":{"a":1}})");
  ASSERT_THAT(event, IsOk());
  EXPECT_EQ(event->type, "ADDED");
  EXPECT_EQ(JsonText(event->object.tree), R"({"a":1})");
}

TEST(ReadJsonEventTest, RefusesWhatIsNoEvent) {
  for (const std::string_view text :
       {"{}", "[]", R"({"type":"ADDED"})", R"({"type":1,"object":{}})",
        R"({"type":"ADDED","object":[]})", R"({"object":{}})", "x"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ReadJsonEvent(text),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace lb::kubernetes
