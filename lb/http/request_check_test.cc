#include "lb/http/request_check.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(RequestCheckTest, TakesWhatHttpCanCarry) {
  EXPECT_THAT(CheckRequest({.path = "/"}, {}), IsOk());
  EXPECT_THAT(CheckRequest({.method = "PATCH",
                            .path = "/apis/x/v1?labelSelector=a%3Db&watch=1",
                            .headers = {{"authorization", "Bearer a.b-c_d~+/="},
                                        {"content-type", "application/json"},
                                        {"empty", ""}},
                            .body = std::string(1 << 20, 'x')},
                           {}),
              IsOk());
}

TEST(RequestCheckTest, RefusesWhatHttpCannotCarry) {
  const std::string header_name = "request: header \"";
  const std::pair<Request, std::string> cases[] = {
      {{.path = ""}, "request: path \"\": want \"/\""},
      {{.path = "api"}, "request: path \"api\""},
      {{.path = "/a b"}, "request: path"},
      {{.path = "/a\r\nx: y"}, "request: path \"/a\\r\\nx"},
      {{.method = "", .path = "/"}, "request: method \"\""},
      {{.method = "G T", .path = "/"}, "request: method"},
      {{.method = "CONNECT", .path = "/"}, "request: method \"CONNECT\""},
      {{.path = "/", .headers = {{"Accept", "x"}}}, header_name + "Accept\""},
      {{.path = "/", .headers = {{"", "x"}}}, header_name + "\""},
      {{.path = "/", .headers = {{":path", "/x"}}}, header_name + ":path\""},
      {{.path = "/", .headers = {{"a b", "x"}}}, header_name + "a b\""},
      {{.path = "/", .headers = {{"host", "x"}}}, header_name + "host\""},
      {{.path = "/", .headers = {{"connection", "x"}}},
       header_name + "connection\""},
      {{.path = "/", .headers = {{"a", "x\ny"}}},
       header_name + "a\": its value has a control character"},
      {{.path = "/", .headers = {{"a", std::string("x\0y", 3)}}},
       header_name + "a\": its value has a control character"},
  };
  for (const auto& [request, message] : cases) {
    EXPECT_THAT(
        CheckRequest(request, {}),
        StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(message)));
  }
}

TEST(RequestCheckTest, RefusesWhatIsTooLarge) {
  const std::pair<Request, std::string> cases[] = {
      {{.path = "/", .headers = {{"a", std::string(40'000, 'x')}}},
       "request: headers of 40037 bytes, want at most "
       "32768"},
      {{.path = "/" + std::string(40'000, 'x')},
       "request: headers of 40004 bytes"},
      {{.path = "/", .body = std::string((1 << 20) + 1, 'x')},
       "request: a body of 1048577 bytes, want at most "
       "1048576"},
  };
  for (const auto& [request, message] : cases) {
    EXPECT_THAT(
        CheckRequest(request, {}),
        StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(message)));
  }
}

TEST(RequestCheckTest, ASecretInABadHeaderIsNotInTheMessage) {
  const absl::Status status = CheckRequest(
      {.path = "/", .headers = {{"authorization", "Bearer secret\n"}}}, {});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               Not(HasSubstr("secret"))));
}

TEST(RequestCheckTest, AnAuthorityIsAHostAndAPort) {
  for (const char* good : {"api.example", "api.example:6443", "192.0.2.1:443",
                           "[2001:db8::1]:443"}) {
    EXPECT_THAT(CheckAuthority(good), IsOk()) << good;
  }
  for (const char* bad : {"", "a b", "a/b", "a\r\nb"}) {
    EXPECT_THAT(
        CheckAuthority(bad),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("want a host")))
        << bad;
  }
}

}  // namespace
}  // namespace lb::http
