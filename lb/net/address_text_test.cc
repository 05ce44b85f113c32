#include "lb/net/address_text.h"

#include <string_view>

#include "gtest/gtest.h"

namespace lb::net {
namespace {

TEST(AddressTextTest, ReadsEveryDashAndBlank) {
  for (const std::string_view text :
       {"10.0.0.1-10.0.0.9", " 10.0.0.1 -\t10.0.0.9\r\n",
        "10.0.0.1\xe2\x80\x93"
        "10.0.0.9",  // En dash.
        "10.0.0.1 \xe2\x80\x94 10.0.0.9",
        "10.0.0.1\xc2\xa0\xe2\x88\x92\xc2\xa0"
        "10.0.0.9",  // No-break spaces, minus sign.
        "10.0.0.1\xef\xbc\x8d"
        "10.0.0.9",  // Full width.
        "\xef\xbb\xbf"
        "10.0.0.1\xe3\x80\x80\xe2\x80\x91\xe2\x80\x8b"
        "10.0.0.9"}) {
    EXPECT_EQ(NormalizeAddressText(text), "10.0.0.1-10.0.0.9") << text;
  }
}

TEST(AddressTextTest, KeepsWhatIsAFault) {
  EXPECT_EQ(NormalizeAddressText("10.0.0.1 10.0.0.9"), "10.0.0.1 10.0.0.9");
  EXPECT_EQ(NormalizeAddressText("10.\xff"), "10.\xff");
  EXPECT_EQ(NormalizeAddressText(" \t "), "");
  EXPECT_EQ(NormalizeAddressText("-"), "-");
}

TEST(AddressTextTest, ShowsWhatIsNoPrintableAscii) {
  EXPECT_EQ(EscapedText("a\tb\xc2\xa0\xe2\x80\x93\xf0\x9f\x98\x80\xff"),
            "a\\u0009b\\u00a0\\u2013\\U0001f600\\xff");
  EXPECT_EQ(EscapedText("\xed\xa0\x80\xc0\x80\xe2\x80"),
            "\\xed\\xa0\\x80\\xc0\\x80\\xe2\\x80");
}

}  // namespace
}  // namespace lb::net
