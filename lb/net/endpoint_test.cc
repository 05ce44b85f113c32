#include "lb/net/endpoint.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::net {
namespace {

TEST(ParseEndpointTest, ReadsBothFamiliesWithAndWithoutPort) {
  struct Case {
    std::string_view text, endpoint;
  };
  constexpr Case kCases[] = {
      {"10.0.0.1:80", "10.0.0.1:80"},
      {"10.0.0.1", "10.0.0.1:7946"},
      {"[2001:db8::1]:80", "[2001:db8::1]:80"},
      {"[2001:db8::1]", "[2001:db8::1]:7946"},
      {"2001:db8::1", "[2001:db8::1]:7946"},
      {"::1", "[::1]:7946"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    ASSERT_THAT(ParseEndpoint(c.text, 7946), IsOk());
    EXPECT_EQ(ParseEndpoint(c.text, 7946)->ToString(), c.endpoint);
  }
}

TEST(ParseEndpointTest, RefusesAllElse) {
  for (const std::string_view text :
       {"", ":80", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:8x",
        "host:80", "[::1", "[::1]80", "[]:80", "[10.0.0.1:80"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseEndpoint(text, 7946),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace lb::net
