#include "lb/kubernetes/testing/json_edit.h"

#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "lb/kubernetes/json_writer.h"

namespace lb::kubernetes {
namespace {

TEST(MergePatchTest, KeepsTheExamplesOfRfc7386) {
  struct Case {
    std::string_view original;
    std::string_view patch;
    std::string_view result;
  };
  // Appendix A.
  const std::vector<Case> cases = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})",
       R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.original << " " << c.patch);
    config::YamlNode target = Json(c.original);
    MergePatch(Json(c.patch), &target);
    EXPECT_EQ(JsonText(target), c.result);
  }
}

TEST(JsonEditTest, SetsAndRemovesFields) {
  config::YamlNode tree = Json(R"({"a":1})");
  SetText("b.c", "x", &tree);
  SetText("a", "y", &tree);
  EXPECT_EQ(JsonText(tree), R"({"a":"y","b":{"c":"x"}})");
  Remove("a", &tree);
  Remove("none", &tree);
  EXPECT_EQ(JsonText(tree), R"({"b":{"c":"x"}})");
  Replace("b", Json("[1]"), &tree);
  EXPECT_EQ(JsonText(tree), R"({"b":[1]})");
}

}  // namespace
}  // namespace lb::kubernetes
