#include <string>

#include "gtest/gtest.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto error = ForEachYamlDocument(text, [](const YamlNode&) {});
  if (!error) return "";
  return std::to_string(error->line) + ": " + error->message;
}

TEST(YamlErrorTest, NamesTheTextAndWhatWasWanted) {
  struct Case {
    std::string text, error;
  };
  const Case kCases[] = {
      {"a: *nope\n",
       "1: \"*nope\": no such anchor, want \"&nope\" before it in the same "
       "document"},
      {"a: [*one, *two]\n",
       "1: \"*one\": no such anchor, want \"&one\" before it in the same "
       "document"},
      {"a:\n\tb: 1\n",
       "2: illegal map value: \"b: 1\", want spaces in front, not a tab"},
      {"a: 1\n----\nb: 2\n",
       "3: illegal map value: \"b: 2\", want \"---\" at the beginning of the "
       "line and nothing behind it, not \"----\""},
      {"kind:Service\nmetadata: {}\n",
       "2: illegal map value: \"metadata: {}\", want a space after the ':' in "
       "\"kind:Service\""},
      {"a: {b: {{ .Name }}}\n",
       "1: a map as a key, want a text: \"a: {b: {{ .Name }}}\", want what the "
       "template makes, not the template"},
      {"a: 1\rb: 2\r",
       "1: illegal map value, want lines that end with LF, not with CR alone"},
      {"a: [1",
       "1: end of sequence flow not found: \"a: [1\", want a closing "
       "]"},
      {"a: https://x\nb: 1\n", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ErrorOf(c.text), c.error) << c.text;
  }
}

// What cannot be shown is escaped, and a long line has an end.
TEST(YamlErrorTest, ShowsAnyLine) {
  const std::string error =
      ErrorOf("a: b\xc2\xa0\xff" + std::string(80, 'x') + ": c\n");
  EXPECT_EQ(error, "1: illegal map value: \"a: b\\u00a0\\xff" +
                       std::string(53, 'x') + "...\"");
}

}  // namespace
}  // namespace lb::config
