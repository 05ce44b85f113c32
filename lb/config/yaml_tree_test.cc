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

// As kubectl and kustomize read them, whose tests these inputs were tried on.
TEST(ForEachYamlDocumentTest, MergesAsKubectlDoes) {
  struct Case {
    std::string text, document;
  };
  const Case kCases[] = {
      {"k: {<<: {x: 1, y: 2}}\n", "{k@1:{x@1:1,y@1:2}}"},
      {"k: {<<: {x: 1, y: 2}, x: 3}\n", "{k@1:{x@1:3,y@1:2}}"},
      {"k: {x: 3, <<: {x: 1, y: 2}}\n", "{k@1:{x@1:3,y@1:2}}"},
      {"a: &b {x: 1}\nk:\n  <<: *b\n  y: 2\n",
       "{a@1:{x@1:1},k@2:{y@4:2,x@1:1}}"},
      {"a: &b {x: 1, y: 1}\nk: {<<: [*b, {y: 2, z: 2}], x: 3}\n",
       "{a@1:{x@1:1,y@1:1},k@2:{x@2:3,y@1:1,z@2:2}}"},
      {"a: &b {x: 1}\nc: &c {<<: *b, y: 2}\nk: {<<: *c}\n",
       "{a@1:{x@1:1},c@2:{y@2:2,x@1:1},k@3:{y@2:2,x@1:1}}"},
      {"k: {<<: [], x: 3}\n", "{k@1:{x@1:3}}"},
      {"k: {!!merge <<: {x: 1}}\n", "{k@1:{x@1:1}}"},
      // An explicit null wins, and lists and maps are not merged deeply.
      {"k: {x: ~, <<: {x: 1}}\n", "{k@1:{x@1:~}}"},
      {"k: {m: {p: 1}, <<: {m: {q: 1}}}\n", "{k@1:{m@1:{p@1:1}}}"},
      // Keys of this name that are no merge keys.
      {"k: {\"<<\": {x: 1}}\n", "{k@1:{<<@1:{x@1:1}}}"},
      {"k: {!!str <<: {x: 1}}\n", "{k@1:{<<@1:{x@1:1}}}"},
      // Faults, which Fields reports.
      {"k: {<<: foo}\n", "{k@1:{<<@1:foo}}"},
      {"k: {<<: ~}\n", "{k@1:{<<@1:~}}"},
      {"k: {<<: [{x: 1}, foo]}\n", "{k@1:{<<@1:[{x@1:1},foo]}}"},
      {"k: {<<: {x: 1}, <<: {y: 2}}\n", "{k@1:{<<@1:{y@1:2},x@1:1}}"},
      {"k: {<<: {x: 1, x: 2}}\n", "{k@1:{x@1:1,x@1:2}}"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_THAT(ReadAll(c.text).documents, ElementsAre(c.document));
  }
}

TEST(ForEachYamlDocumentTest, BoundsWhatMergesUnfold) {
  std::string text = "a0: &a0 {k0: x}\n";
  for (int i = 1; i < 40; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " {<<: *a", i - 1, ", k", i,
                    ": [*a", i - 1, ", *a", i - 1, "]}\n");
  }
  EXPECT_THAT(ReadAll(text).error, HasSubstr("values"));
  EXPECT_NE(ReadAll("k: &k {<<: *k, x: 1}\n").error, "");
}

TEST(ForEachYamlDocumentTest, ReadsSurrogatePairsAndByteOrderMarks) {
  const std::string bom = "\xef\xbb\xbf";
  EXPECT_THAT(ReadAll("{\"a\": \"\\ud83d\\uDE00 ok\"}").documents,
              ElementsAre("{a@1:'\xf0\x9f\x98\x80 ok'}"));
  // One that stands alone, and a backslash that is no escape.
  EXPECT_THAT(ReadAll("a: \"\\ud83d.\\ude00\\u00e9\"\n").documents,
              ElementsAre("{a@1:'\xef\xbf\xbd.\xef\xbf\xbd\xc3\xa9'}"));
  EXPECT_THAT(ReadAll("a: \"\\\\ud83d\\\\ude00\"\n").documents,
              ElementsAre("{a@1:'\\ud83d\\ude00'}"));
  EXPECT_THAT(ReadAll(bom + "a: 1\n---\n" + bom + "b: 2\n" + bom + "---\n" +
                      bom + bom + "c: 3\n")
                  .documents,
              ElementsAre("{a@1:1}", "{b@3:2}", "{c@5:3}"));
  EXPECT_EQ(ReadAll("a: \"\\ud83").error.empty(), false);
  EXPECT_EQ(ReadAll("a: \"\\").error.empty(), false);
}

TEST(ForEachYamlDocumentTest, ReadsJsonAsToolsWriteIt) {
  EXPECT_THAT(
      ReadAll("{\n\t\"a\":{\"b\":[1,true,null],\"c\":\"x\\/y\"}}\n").documents,
      ElementsAre("{a@2:{b@2:[1,true,~],c@2:'x/y'}}"));
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
  EXPECT_EQ(ReadAll("? [a]\n: b\n").error,
            "1: a list as a key, want a text: \"? [a]\"");
}

}  // namespace
}  // namespace lb::config
