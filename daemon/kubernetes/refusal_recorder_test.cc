#include "daemon/kubernetes/refusal_recorder.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/http/client.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RightOfTest, IsInTheWordsOfRbac) {
  const struct {
    const char* method;
    const char* path;
    const char* right;
  } kCases[] = {
      {"GET", "/api/v1/services?limit=500", "list services"},
      {"GET", "/api/v1/services?watch=1&resourceVersion=7", "watch services"},
      {"GET", "/api/v1/namespaces?limit=500", "list namespaces"},
      {"GET", "/api/v1/namespaces/kube-system", "get namespaces"},
      {"GET", "/api/v1/namespaces/a/pods?limit=1", "list pods"},
      {"GET", "/api/v1/namespaces/a/services/b", "get services"},
      {"PATCH", "/api/v1/namespaces/a/services/b/status",
       "patch services/status"},
      {"POST", "/apis/events.k8s.io/v1/namespaces/a/events", "create events"},
      {"PUT", "/apis/coordination.k8s.io/v1/namespaces/a/leases/b",
       "update leases"},
      {"DELETE", "/apis/metallb.io/v1beta1/namespaces/a/servicel2statuses/b",
       "delete servicel2statuses"},
      // No paths of the API.
      {"GET", "/", "list /"},
      {"GET", "/api", "list /api"},
      {"GET", "", "list "},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(RightOf({.method = test.method, .path = test.path}), test.right);
  }
}

// Keeps the handlers; a test answers.
class FakeServer : public http::Client {
 public:
  http::RequestId Send(
      http::Request, std::unique_ptr<http::ResponseHandler> handler) override {
    handlers_.push_back(std::move(handler));
    return handlers_.size();
  }
  void Cancel(http::RequestId id) override { cancelled_.push_back(id); }

  std::vector<std::unique_ptr<http::ResponseHandler>> handlers_;
  std::vector<http::RequestId> cancelled_;
};

// Writes down what it gets.
class Taker : public http::ResponseHandler {
 public:
  explicit Taker(std::string* seen) : seen_(seen) {}
  void OnHead(int status, absl::Span<const http::Header>) override {
    *seen_ += std::to_string(status);
  }
  void OnBody(std::string_view bytes) override { *seen_ += bytes; }
  void OnEnd(const absl::Status& status) override {
    *seen_ += status.ok() ? "." : "!";
  }

 private:
  std::string* const seen_;
};

class RefusalRecorderTest : public testing::Test {
 protected:
  // The answer as the sender of a request gets it.
  std::string Ask(const char* path, int status, std::string_view body) {
    std::string seen;
    client_.Send({.path = path}, std::make_unique<Taker>(&seen));
    http::ResponseHandler& handler = *server_.handlers_.back();
    handler.OnHead(status, {});
    handler.OnBody(body.substr(0, body.size() / 2));
    handler.OnBody(body.substr(body.size() / 2));
    handler.OnEnd(absl::OkStatus());
    return seen;
  }

  FakeServer server_;
  std::vector<std::string> recorded_;
  RefusalRecorder client_{&server_, [this](std::string message) {
                            recorded_.push_back(std::move(message));
                          }};
};

constexpr const char* kForbidden =
    R"({"kind": "Status", "reason": "Forbidden", "message": "no"})";

TEST_F(RefusalRecorderTest, NamesEachRightOnce) {
  EXPECT_EQ(Ask("/api/v1/pods", 403, kForbidden),
            "403" + std::string(kForbidden) + ".");
  Ask("/api/v1/pods", 403, kForbidden);
  Ask("/api/v1/nodes", 401, "");
  EXPECT_THAT(recorded_,
              ElementsAre("it may not list pods: 403 Forbidden: no",
                          "it may not list nodes: 401 Unauthorized"));
}

TEST_F(RefusalRecorderTest, NamesItAgainAfterASuccess) {
  Ask("/api/v1/pods", 403, kForbidden);
  Ask("/api/v1/nodes", 200, "{}");
  Ask("/api/v1/pods", 403, kForbidden);
  EXPECT_EQ(recorded_.size(), 1u);
  Ask("/api/v1/pods", 200, "{}");
  Ask("/api/v1/pods", 403, kForbidden);
  EXPECT_EQ(recorded_.size(), 2u);
}

TEST_F(RefusalRecorderTest, OtherAnswersAreNoRefusals) {
  for (const int status : {200, 404, 409, 429, 500}) {
    EXPECT_EQ(Ask("/api/v1/pods", status, "x"), std::to_string(status) + "x.");
  }
  client_.Cancel(7);
  EXPECT_THAT(server_.cancelled_, ElementsAre(7u));
  EXPECT_THAT(recorded_, IsEmpty());
}

TEST_F(RefusalRecorderTest, KeepsNoMoreOfABodyThanItNeeds) {
  Ask("/api/v1/pods", 403, std::string(1 << 20, 'x'));
  ASSERT_EQ(recorded_.size(), 1u);
  EXPECT_LT(recorded_[0].size(), 600u);
}

}  // namespace
}  // namespace lb
