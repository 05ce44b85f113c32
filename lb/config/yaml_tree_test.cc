#include "lb/config/yaml_tree.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Show(const YamlNode& node) {
  std::string text;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "~";
    case YamlNode::Kind::kScalar:
      return node.plain ? node.text : absl::StrCat("'", node.text, "'");
    case YamlNode::Kind::kSequence:
      for (const YamlNode& item : node.children) {
        absl::StrAppend(&text, text.empty() ? "" : ",", Show(item));
      }
      return absl::StrCat("[", text, "]");
    case YamlNode::Kind::kMap:
      for (const YamlNode& value : node.children) {
        absl::StrAppend(&text, text.empty() ? "" : ",", value.key, "@",
                        value.key_line, ":", Show(value));
      }
      return absl::StrCat("{", text, "}");
  }
  return text;
}

struct Read {
  std::vector<std::string> documents;
  std::string error;  // "line: message"
};

Read ReadAll(const std::string& text) {
  Read read;
  const std::optional<YamlError> error = ForEachYamlDocument(
      text,
      [&](const YamlNode& node) { read.documents.push_back(Show(node)); });
  if (error) read.error = absl::StrCat(error->line, ": ", error->message);
  return read;
}

TEST(ForEachYamlDocumentTest, KeepsTypesOrderAndLines) {
  const Read read =
      ReadAll("b: 1\na:\n- 'q'\n- {x: ~}\n---\n---\n\"z\"\n...\n");
  EXPECT_EQ(read.error, "");
  EXPECT_THAT(read.documents,
              ElementsAre("{b@1:1,a@2:['q',{x@4:~}]}", "~", "'z'"));
}

TEST(ForEachYamlDocumentTest, UnfoldsAliases) {
  const Read read = ReadAll("a: &x [1, &y {k: v}]\nb: *x\nc: *y\n");
  EXPECT_THAT(read.documents,
              ElementsAre("{a@1:[1,{k@1:v}],b@2:[1,{k@1:v}],c@3:{k@1:v}}"));
}

TEST(ForEachYamlDocumentTest, GivesWhatComesBeforeAFault) {
  const Read read = ReadAll("a: 1\n---\nb: [\n");
  EXPECT_THAT(read.documents, ElementsAre("{a@1:1}"));
  EXPECT_THAT(read.error, HasSubstr("flow"));
}

TEST(ForEachYamlDocumentTest, RefusesWhatIsTooLarge) {
  std::string deep;
  for (size_t i = 0; i < kYamlDepthMax; ++i) deep += "[";
  for (size_t i = 0; i < kYamlDepthMax; ++i) deep += "]";
  EXPECT_EQ(ReadAll(deep).error, "");
  EXPECT_EQ(ReadAll("[" + deep + "]").error, "1: nested deeper than 64 levels");
  // Far beyond what a recursive parser's stack can hold.
  EXPECT_NE(ReadAll(std::string(1 << 20, '[')).error, "");
  EXPECT_NE(ReadAll(std::string(1 << 20, '{')).error, "");
}

// The billion laughs: 10^9 values out of ten lines.
TEST(ForEachYamlDocumentTest, RefusesAnAliasBomb) {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) {
      absl::StrAppend(&text, j == 0 ? "" : ",", "*a", i - 1);
    }
    text += "]\n";
  }
  const Read read = ReadAll(text);
  EXPECT_THAT(read.error, HasSubstr("a document of more than 2000000 values"));
  EXPECT_THAT(read.documents, IsEmpty());
}

TEST(ForEachYamlDocumentTest, RefusesDeepAndRecursiveAliases) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [*a", i - 1, "]\n");
  }
  EXPECT_THAT(ReadAll(text).error, HasSubstr("nested deeper"));
  EXPECT_NE(ReadAll("a: &x [*x]\n").error, "");
}

TEST(ForEachYamlDocumentTest, RefusesKeysThatAreNoText) {
  EXPECT_EQ(ReadAll("? [a]\n: b\n").error, "1: a list as a key, want a text");
}

}  // namespace
}  // namespace lb::config
