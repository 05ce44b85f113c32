#include "tests/tidy/phrases.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "line phrase" of each finding.
std::vector<std::string> Found(std::string_view path, std::string_view text) {
  std::vector<std::string> found;
  for (const Finding& finding : CheckPhrases(path, text)) {
    EXPECT_EQ(finding.path, path);
    const std::string_view message = finding.message;
    found.push_back(fmt::format("{} {}", finding.line,
                                message.substr(1, message.find('"', 1) - 1)));
  }
  return found;
}

TEST(PhrasesTest, FindsEachPhraseInAComment) {
  for (const std::string_view phrase :
       {"at the most", "at the least", "anew", "mend", "mends", "mended",
        "nobody", "anybody", "whoever", "whomever", "the one who", "he",
        "she"}) {
    EXPECT_THAT(Found("a.cc", fmt::format("// So {} it is.\n", phrase)),
                ElementsAre(fmt::format("1 {}", phrase)));
  }
}

TEST(PhrasesTest, SentencesBeginWithTheirSubject) {
  EXPECT_THAT(Found("a.h", "// Of the others.\n"), ElementsAre("1 of"));
  EXPECT_THAT(Found("a.h", "// All. Of the\n// others two.\n"),
              ElementsAre("1 of"));
  EXPECT_THAT(Found("a.h", "// As above, but later.\n"),
              ElementsAre("1 as above"));
  EXPECT_THAT(Found("a.h", "// Who is back is back.\n"), ElementsAre("1 who"));
  EXPECT_THAT(Found("a.h", "// Whose MACs these are.\n"),
              ElementsAre("1 whose"));
  EXPECT_THAT(Found("a.h", "// Who has it? One of the nodes.\n"), IsEmpty());
  EXPECT_THAT(Found("a.h", "// The MAC of a node that is as above.\n"),
              IsEmpty());
  EXPECT_THAT(Found("a.h", "// Of course.\n"), IsEmpty());
}

// A comment behind code, or a cell of a table, is a label and no sentence.
TEST(PhrasesTest, LabelsMayBeFragments) {
  EXPECT_THAT(Found("a.h", "int a;  // Of the others.\n"), IsEmpty());
  EXPECT_THAT(Found("a.h", "int a;  // Of nobody.\n"), ElementsAre("1 nobody"));
  EXPECT_THAT(Found("a.sh", "a=1  # Of the others.\n"), IsEmpty());
  EXPECT_THAT(Found("a.md", "| Who calls | of the |\n"), IsEmpty());
}

TEST(PhrasesTest, APhraseMayGoOverTheEndOfALine) {
  EXPECT_THAT(Found("a.proto", "// One.\n// Two at\n// the most.\n"),
              ElementsAre("2 at the most"));
  EXPECT_THAT(Found("a.proto", "// Two at\n//\n// the most.\n"), IsEmpty());
  EXPECT_THAT(Found("a.proto", "// Two at\nint32 a = 1;\n// the most.\n"),
              IsEmpty());
}

TEST(PhrasesTest, ReadsNoCodeAndNoQuotes) {
  EXPECT_THAT(Found("a.cc", "const bool nobody = Mend(\"// anew\");\n"),
              IsEmpty());
  EXPECT_THAT(Found("a.cc", "// `nobody` and \"nobody may announce\".\n"),
              IsEmpty());
  EXPECT_THAT(Found("a.cc", "// kNobody, nobody_, nobody-to-join.\n"),
              IsEmpty());
  EXPECT_THAT(Found("a.sh", "mend_node anew\n"), IsEmpty());
  EXPECT_THAT(Found("a.md", "```sh\n# anew\n```\n`mended` is gone.\n"),
              IsEmpty());
}

TEST(PhrasesTest, ReadsScriptsAndPages) {
  EXPECT_THAT(Found("a.sh", "# Begins anew.\nmend  # Mends it.\n"),
              ElementsAre("1 anew", "2 mends"));
  EXPECT_THAT(Found("BUILD.bazel", "# At the most.\n"),
              ElementsAre("1 at the most"));
  EXPECT_THAT(Found("a.md",
                    "# Who calls\n\nAs above.\n- Of two.\n\n"
                    "| a | whoever |\n|---|---|\n| of the | b\n"),
              ElementsAre("3 as above", "4 of", "6 whoever"));
}

}  // namespace
}  // namespace lb::tidy
