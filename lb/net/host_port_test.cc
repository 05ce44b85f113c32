#include "lb/net/host_port.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ParseHostPortTest, ReadsAddressesAndNames) {
  struct Case {
    std::string_view text, shown;
    bool is_name;
  };
  const Case kCases[] = {
      {"10.0.0.1", "10.0.0.1:7946", false},
      {"10.0.0.1:80", "10.0.0.1:80", false},
      {"fd00::1", "[fd00::1]:7946", false},
      {"[fd00::1]", "[fd00::1]:7946", false},
      {"[fd00::1]:80", "[fd00::1]:80", false},
      // Brackets hold an address, whatever its last group is.
      {"[fd00::1:7946]", "[fd00::1:7946]:7946", false},
      {"2001:db8:0:0:0:0:0:7946", "[2001:db8::7946]:7946", false},
      {"fd00::1:80", "[fd00::1:80]:7946", false},
      {"n2", "n2:7946", true},
      {"n2:80", "n2:80", true},
      {"N2.Example.com.", "N2.Example.com.:7946", true},
      {"lbd-0.lbd_headless.ns.svc:9", "lbd-0.lbd_headless.ns.svc:9", true},
      {"1a", "1a:7946", true},
      {"localhost", "localhost:7946", true},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = ParseHostPort(c.text, 7946);
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(parsed->ToString(), c.shown);
    EXPECT_EQ(parsed->text, c.text);
    EXPECT_EQ(!parsed->address.has_value(), c.is_name);
  }
}

TEST(ParseHostPortTest, RefusesAllElse) {
  for (const std::string& text : {std::string(),
                                  std::string(":80"),
                                  std::string("10.0.0.300"),
                                  std::string("10.0.0"),
                                  std::string("12"),
                                  std::string("n2:"),
                                  std::string("n2:0"),
                                  std::string("n2:65536"),
                                  std::string("n2:8x"),
                                  std::string("n2:+8"),
                                  std::string("-n2"),
                                  std::string("n2-"),
                                  std::string("n 2"),
                                  std::string("n2..x"),
                                  std::string("http://n2"),
                                  std::string("[n2]:80"),
                                  std::string("[fd00::1"),
                                  std::string("n2/24"),
                                  std::string("fd00::g"),
                                  std::string(64, 'a'),
                                  std::string("n\xc3\xa4"),
                                  std::string("."),
                                  fmt::format("{:a>127}.{:b>127}", "", "")}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseHostPort(text, 7946),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(ParseHostPortTest, AsksForBracketsWithTheRightForm) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"fd00::1:7946",
       "want [fd00::1]:7946, or [fd00::1:7946] for that "
       "address"},
      {"2001:db8:0:0:0:0:0:1:7946", "want [2001:db8::1]:7946"},
      {"2001:db8:0:0:0:0:0:1:80", "want [2001:db8::1]:80"},
      {"fd00::1:17946", "want [fd00::1]:17946"},
      {"::1:7946", "want [::1]:7946, or [::1:7946] for that address"},
      {"fd00:::7946", "want [fd00::]:7946"},
  };
  for (const auto& [text, form] : cases) {
    SCOPED_TRACE(text);
    const auto parsed = ParseHostPort(text, 7946);
    EXPECT_THAT(parsed, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(std::string(parsed.status().message()), EndsWith(form));
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(text));
  }
}

}  // namespace
}  // namespace lb::net
