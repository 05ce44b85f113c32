#include "lb/config/printable.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

TEST(PrintableTest, KeepsCharactersAndShowsTheRest) {
  const struct {
    std::string_view text, want;
  } kCases[] = {
      {"", ""},
      {"n1 ~", "n1 ~"},
      {"a\x1b[2J\n\x7f", "a\\x1b[2J\\x0a\\x7f"},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
       "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"\xff", "\\xff"},
      {"\xc3", "\\xc3"},                             // Cut off.
      {"\xe2\x82", "\\xe2\\x82"},                    // Cut off.
      {"\xf0\x9f\x98z", "\\xf0\\x9f\\x98z"},         // Cut off.
      {"\xc0\x8a", "\\xc0\\x8a"},                    // An overlong line feed.
      {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},           // The same in three bytes.
      {"\xc2\x9b", "\\xc2\\x9b"},                    // A control of two bytes.
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // A surrogate.
      {"\xd8\x9c", "\\xd8\\x9c"},                    // U+061C
      {"\xd8\x9b", "\xd8\x9b"},                      // Its neighbours are none.
      {"\xe2\x80\x8d", "\xe2\x80\x8d"},              // U+200D
      {"\xe2\x80\x8e", "\\xe2\\x80\\x8e"},           // U+200E
      {"\xe2\x80\x8f", "\\xe2\\x80\\x8f"},           // U+200F
      {"\xe2\x80\x90", "\xe2\x80\x90"},              // U+2010
      {"\xe2\x80\xa9", "\xe2\x80\xa9"},              // U+2029
      {"\xe2\x80\xaa", "\\xe2\\x80\\xaa"},           // U+202A
      {"n\xe2\x80\xae ~", "n\\xe2\\x80\\xae ~"},     // U+202E
      {"\xe2\x80\xaf", "\xe2\x80\xaf"},              // U+202F
      {"\xe2\x81\xa5", "\xe2\x81\xa5"},              // U+2065
      {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},           // U+2066
      {"\xe2\x81\xa9", "\\xe2\\x81\\xa9"},           // U+2069
      {"\xe2\x81\xaa", "\xe2\x81\xaa"},              // U+206A
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // Beyond U+10FFFF.
  };
  for (const auto& c : kCases) EXPECT_EQ(Printable(c.text), c.want);
}

TEST(PrintableTest, CutsBetweenCharacters) {
  EXPECT_EQ(Printable("abc", 3), "abc");
  EXPECT_EQ(Printable("abc", 2), "ab...");
  EXPECT_EQ(Printable("a\xc3\xa4z", 2), "a...");
  EXPECT_EQ(Printable("a\xc3\xa4z", 3), "a\xc3\xa4...");
}

}  // namespace
}  // namespace lb::config
