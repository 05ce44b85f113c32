#include "lb/kubernetes/authorized_client.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/collected_response.h"
#include "lb/kubernetes/testing/fake_connection.h"
#include "lb/kubernetes/testing/fake_files.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

std::string HeaderOf(const http::Request& request, std::string_view name) {
  for (const http::Header& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

class AuthorizedClientTest : public testing::Test {
 protected:
  void Make(const Access& access) {
    client_ = std::make_unique<AuthorizedClient>(
        &loop_, &connection_, access, "lbd/1.0",
        [this](const std::string& path) { return files_.Read(path); });
  }

  // The header `authorization` of a new request.
  std::string Authorization() {
    client_->Send({.path = "/api"},
                  std::make_unique<CollectedResponse>(
                      100, [this](const CollectedAnswer& answer) {
                        code_ = answer.code;
                      }));
    return HeaderOf(connection_.requests_.back(), "authorization");
  }

  io::SimLoop loop_;
  FakeConnection connection_;
  FakeFiles files_;
  std::unique_ptr<AuthorizedClient> client_;
  int code_ = 0;
};

TEST_F(AuthorizedClientTest, AddsTokenUserAgentAndPrefix) {
  Make({.path_prefix = "/k8s/c-1", .token = "abc"});
  EXPECT_EQ(Authorization(), "Bearer abc");
  EXPECT_EQ(connection_.requests_[0].path, "/k8s/c-1/api");
  EXPECT_EQ(HeaderOf(connection_.requests_[0], "user-agent"), "lbd/1.0");
}

TEST_F(AuthorizedClientTest, WithoutATokenThereIsNoHeader) {
  Make({});
  EXPECT_EQ(Authorization(), "");
  EXPECT_EQ(connection_.requests_[0].headers.size(), 1u);
}

TEST_F(AuthorizedClientTest, PassesAnswersAndCancelsOn) {
  Make({.token = "abc"});
  Authorization();
  connection_.handlers_[0]->OnHead(200, {});
  connection_.handlers_[0]->OnBody("x");
  connection_.handlers_[0]->OnEnd(absl::OkStatus());
  EXPECT_EQ(code_, 200);
  client_->Cancel(7);
  EXPECT_THAT(connection_.cancelled_, testing::ElementsAre(7u));
}

TEST_F(AuthorizedClientTest, ReadsTheTokenAgainEachMinute) {
  files_.texts["/token"] = "one\n";
  Make({.token_file = "/token"});
  EXPECT_EQ(Authorization(), "Bearer one");
  files_.texts["/token"] = "two";
  loop_.RunFor(absl::Seconds(59));
  EXPECT_EQ(Authorization(), "Bearer one");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Authorization(), "Bearer two");
  EXPECT_EQ(files_.reads, 2);
}

TEST_F(AuthorizedClientTest, ReadsTheTokenAtOnceAfterARefusal) {
  files_.texts["/token"] = "one";
  Make({.token_file = "/token"});
  Authorization();
  files_.texts["/token"] = "two";
  loop_.RunFor(absl::Seconds(6));
  connection_.handlers_[0]->OnHead(401, {});
  EXPECT_EQ(Authorization(), "Bearer two");
  // Many refusals are one reading.
  for (int i = 0; i < 10; ++i) connection_.handlers_[0]->OnHead(401, {});
  EXPECT_EQ(files_.reads, 2);
}

TEST_F(AuthorizedClientTest, AFileThatCannotBeReadLeavesTheLastToken) {
  files_.texts["/token"] = "one";
  Make({.token_file = "/token"});
  Authorization();
  EXPECT_THAT(client_->error(), IsOk());
  files_.texts.clear();
  loop_.RunFor(absl::Minutes(2));
  EXPECT_EQ(Authorization(), "Bearer one");
  EXPECT_THAT(client_->error(), StatusIs(absl::StatusCode::kNotFound,
                                         HasSubstr("/token: no such file")));
  files_.texts["/token"] = "a b";
  loop_.RunFor(absl::Minutes(2));
  EXPECT_EQ(Authorization(), "Bearer one");
  files_.texts["/token"] = "two";
  loop_.RunFor(absl::Minutes(2));
  EXPECT_EQ(Authorization(), "Bearer two");
  EXPECT_THAT(client_->error(), IsOk());
}

// Without a token the server answers 403, not 401: the client is anonymous.
TEST_F(AuthorizedClientTest, AFileThatComesLateIsReadWithin5Seconds) {
  Make({.token_file = "/token"});
  EXPECT_EQ(Authorization(), "");
  files_.texts["/token"] = "one";
  loop_.RunFor(absl::Seconds(4));
  EXPECT_EQ(Authorization(), "");
  EXPECT_EQ(files_.reads, 1);
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Authorization(), "Bearer one");
}

TEST_F(AuthorizedClientTest, ATokenCountsUntilTheFileWasRead) {
  Make({.token = "first", .token_file = "/token"});
  EXPECT_EQ(Authorization(), "Bearer first");
  files_.texts["/token"] = "one";
  loop_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Authorization(), "Bearer one");
}

// An answer may come when the client is gone.
TEST_F(AuthorizedClientTest, ItsHandlersOutliveIt) {
  files_.texts["/token"] = "one";
  Make({.token_file = "/token"});
  Authorization();
  client_.reset();
  loop_.RunFor(absl::Minutes(1));
  connection_.handlers_[0]->OnHead(401, {});
  EXPECT_EQ(files_.reads, 2);
}

}  // namespace
}  // namespace lb::kubernetes
