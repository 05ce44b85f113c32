#include "lb/kubernetes/api_error.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {
namespace {

using testing::Optional;

TEST(ApiErrorTest, EachAnswerHasItsKind) {
  struct Case {
    int code;
    std::string_view body;
    ErrorKind kind;
  };
  const std::vector<Case> cases = {
      {400, "", ErrorKind::kBadRequest},
      {406, "", ErrorKind::kBadRequest},
      {422, R"({"reason":"Invalid"})", ErrorKind::kBadRequest},
      {401, "", ErrorKind::kUnauthorized},
      {403, R"({"reason":"Forbidden"})", ErrorKind::kForbidden},
      {404, "404 page not found", ErrorKind::kNotFound},
      {408, "", ErrorKind::kOverloaded},
      {409, R"({"reason":"Conflict"})", ErrorKind::kConflict},
      {409, "", ErrorKind::kConflict},
      {409, R"({"reason":"AlreadyExists"})", ErrorKind::kExists},
      {410, R"({"reason":"Expired"})", ErrorKind::kExpired},
      {410, "", ErrorKind::kExpired},
      {410, R"({"reason":"Gone"})", ErrorKind::kExpired},
      {429, "", ErrorKind::kOverloaded},
      {500, R"({"reason":"InternalError"})", ErrorKind::kServer},
      {502, "<html>", ErrorKind::kServer},
      {503, "", ErrorKind::kOverloaded},
      {504, "", ErrorKind::kServer},
      {504,
       R"({"reason":"Timeout","details":{"causes":[{"reason":"Other"},)"
       R"({"reason":"ResourceVersionTooLarge"}]}})",
       ErrorKind::kVersionTooLarge},
      {504, R"({"reason":"Timeout","details":{"causes":7}})",
       ErrorKind::kServer},
      {302, "", ErrorKind::kServer},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.code << " " << c.body);
    EXPECT_EQ(ReadApiError(c.code, {}, c.body).kind, c.kind);
  }
}

TEST(ApiErrorTest, RetryAfterComesFromTheHeaderOrTheStatus) {
  const std::string_view body = R"({"details":{"retryAfterSeconds":3}})";
  const std::vector<http::Header> headers = {{"retry-after", "7"}};
  EXPECT_THAT(ReadApiError(429, headers, body).retry_after,
              Optional(absl::Seconds(7)));
  EXPECT_THAT(ReadApiError(429, {}, body).retry_after,
              Optional(absl::Seconds(3)));
  for (const std::string_view value :
       {"-1", "x", "", "Wed, 21 Oct 2026 07:28:00 GMT",
        "99999999999999999999"}) {
    SCOPED_TRACE(value);
    const std::vector<http::Header> bad = {{"retry-after", std::string(value)}};
    EXPECT_EQ(ReadApiError(429, bad, "").retry_after, std::nullopt);
  }
}

// As an API server that begins says of custom resources.
TEST(ApiErrorTest, AServerThatIsNotReadyIsAskedAgainWithinASecond) {
  const std::string_view body = R"({"details":{"retryAfterSeconds":5}})";
  const std::vector<http::Header> headers = {{"retry-after", "5"}};
  EXPECT_THAT(ReadApiError(503, headers, "").retry_after,
              Optional(kServerWishMax));
  EXPECT_THAT(ReadApiError(503, {}, body).retry_after,
              Optional(kServerWishMax));
  EXPECT_THAT(ReadApiError(503, {{"retry-after", "0"}}, "").retry_after,
              Optional(absl::ZeroDuration()));
}

TEST(ApiErrorTest, ReadsTheStatusOfAnErrorEvent) {
  const ApiError error =
      ReadErrorEvent(Json(R"({"kind":"Status","code":410,"reason":"Expired",)"
                          R"("message":"too old resource version"})"));
  EXPECT_EQ(error.kind, ErrorKind::kExpired);
  EXPECT_EQ(error.ToString(), "410 Expired: too old resource version");

  EXPECT_EQ(ReadErrorEvent(Json("{}")).kind, ErrorKind::kServer);
  EXPECT_EQ(ReadErrorEvent(Json(R"({"code":-5})")).code, 500);
  EXPECT_EQ(ReadErrorEvent(Json(R"({"code":"x"})")).code, 500);
}

TEST(ApiErrorTest, TextsArePrintableAndShort) {
  const ApiError error =
      ReadApiError(403, {},
                   R"({"reason":"For\u001b[2Jbidden","message":")" +
                       std::string(10'000, 'x') + "\"}");
  EXPECT_EQ(error.reason, "For\\x1b[2Jbidden");
  EXPECT_LE(error.message.size(), 512u);
  EXPECT_TRUE(error.message.ends_with("..."));
}

TEST(ApiErrorTest, ALostConnectionHasNoCode) {
  const ApiError error = LostConnection(absl::UnavailableError("reset"));
  EXPECT_EQ(error.kind, ErrorKind::kLost);
  EXPECT_EQ(error.ToString(), "ConnectionLost: reset");
}

}  // namespace
}  // namespace lb::kubernetes
