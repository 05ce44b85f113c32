#include "lb/kubernetes/access.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ParseServerUrlTest, ReadsHostPortAndPrefix) {
  struct Case {
    std::string_view url;
    std::string_view server;
    std::string_view prefix;
  };
  const std::vector<Case> cases = {
      {"https://10.0.0.1", "10.0.0.1:443", ""},
      {"https://10.0.0.1:6443/", "10.0.0.1:6443", ""},
      {"https://api.example.com:6443", "api.example.com:6443", ""},
      {"https://[fd00::1]:6443", "[fd00::1]:6443", ""},
      {"https://rancher/k8s/clusters/c-1/", "rancher:443", "/k8s/clusters/c-1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.url);
    const absl::StatusOr<ServerUrl> url = ParseServerUrl(c.url);
    ASSERT_THAT(url, IsOk());
    EXPECT_EQ(url->server.ToString(), c.server);
    EXPECT_EQ(url->path_prefix, c.prefix);
  }
}

TEST(ParseServerUrlTest, SaysWhatIsWrong) {
  struct Case {
    std::string_view url;
    std::string_view wanted;
  };
  const std::vector<Case> cases = {
      {"", "begins with https://"},
      {"http://10.0.0.1", "begins with https://"},
      {"10.0.0.1:6443", "begins with https://"},
      {"https://", "https://HOST:PORT"},
      {"https://a:b", "https://HOST:PORT"},
      {"https://a:0", "https://HOST:PORT"},
      {"https://a:70000", "https://HOST:PORT"},
      {"https://user@a", "without a user"},
      {"https://a/?x=1", "without a user, a query"},
      {"https://a/b c", "plain characters"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.url);
    EXPECT_THAT(ParseServerUrl(c.url),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(c.wanted))));
  }
}

TEST(CheckPemTest, FindsABlockOfTheKind) {
  EXPECT_THAT(CheckPem("-----BEGIN CERTIFICATE-----\nx", "CERTIFICATE"),
              IsOk());
  EXPECT_THAT(CheckPem("text\n-----BEGIN EC PARAMETERS-----\n"
                       "-----BEGIN EC PRIVATE KEY-----\n",
                       "PRIVATE KEY"),
              IsOk());
  EXPECT_THAT(CheckPem("-----BEGIN RSA PRIVATE KEY-----", "PRIVATE KEY"),
              IsOk());
  EXPECT_THAT(CheckPem("-----BEGIN CERTIFICATE-----", "PRIVATE KEY"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("27 bytes without a PRIVATE KEY")));
  EXPECT_THAT(CheckPem("", "CERTIFICATE"), Not(IsOk()));
  EXPECT_THAT(CheckPem("-----BEGIN ", "CERTIFICATE"), Not(IsOk()));
}

TEST(CheckTokenTest, TakesBlanksAwayAndNoMore) {
  EXPECT_THAT(CheckToken("abc\n"), IsOkAndHolds("abc"));
  EXPECT_THAT(CheckToken(" a.b-c_d "), IsOkAndHolds("a.b-c_d"));
  EXPECT_THAT(CheckToken(" \n"), Not(IsOk()));
}

// A line break in a token would be another header.
TEST(CheckTokenTest, NoTokenAddsAHeaderAndNoMessageShowsIt) {
  for (const std::string_view text :
       {"secret\nx-other: y", "secret\r\n\r\nz", "secret two", "secret\x7f"}) {
    EXPECT_THAT(CheckToken(text), StatusIs(absl::StatusCode::kInvalidArgument,
                                           Not(HasSubstr("secret"))));
  }
}

}  // namespace
}  // namespace lb::kubernetes
