#include "lb/kubernetes/recovery_client.h"

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/collected_response.h"
#include "lb/kubernetes/testing/fake_connection.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;

class RecoveryClientTest : public testing::Test {
 protected:
  RecoveryClientTest() {
    client_.emplace(&loop_, &connection_, [this] { ++told_; });
  }

  // A request that ends with this code; 0: its connection is lost.
  void Ask(int code) {
    client_->Send({.path = "/api"},
                  std::make_unique<CollectedResponse>(
                      100, [this](const CollectedAnswer& answer) {
                        ends_.push_back(answer.status.ok() ? answer.code : 0);
                      }));
    http::ResponseHandler& handler = *connection_.handlers_.back();
    if (code != 0) handler.OnHead(code, {});
    handler.OnEnd(code != 0 ? absl::OkStatus()
                            : absl::UnavailableError("lost"));
    loop_.RunFor(absl::Milliseconds(1));
  }
  void RunFor(absl::Duration time) { loop_.RunFor(time); }

  io::SimLoop loop_;
  FakeConnection connection_;
  int told_ = 0;
  std::vector<int> ends_;
  std::optional<RecoveryClient> client_;
};

TEST_F(RecoveryClientTest, PassesRequestsAndAnswersOn) {
  for (const int code : {200, 404, 0}) Ask(code);
  EXPECT_THAT(ends_, ElementsAre(200, 404, 0));
  EXPECT_EQ(connection_.requests_[0].path, "/api");
  client_->Cancel(3);
  EXPECT_THAT(connection_.cancelled_, ElementsAre(3u));
}

TEST_F(RecoveryClientTest, SaysOnceThatTheServerIsBack) {
  Ask(200);
  EXPECT_EQ(told_, 0) << "it was never lost";
  Ask(0);
  Ask(0);
  Ask(403);
  Ask(503);
  EXPECT_EQ(told_, 0) << "it is not ready yet";
  Ask(200);
  EXPECT_EQ(told_, 1);
  Ask(200);
  Ask(500);
  Ask(200);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(told_, 1) << "a refusal is no loss";
}

TEST_F(RecoveryClientTest, AServerThatComesAndGoesIsToldOnceInAWhile) {
  for (int i = 0; i < 1000; ++i) {
    Ask(0);
    Ask(200);
    RunFor(absl::Milliseconds(8));  // 10 ms in all.
  }
  EXPECT_GE(told_, 4);
  EXPECT_LE(told_, absl::Seconds(10) / RecoveryClient::kInterval + 1);
}

TEST_F(RecoveryClientTest, AnAnswerAfterItsEndIsPassedOn) {
  client_->Send({.path = "/api"},
                std::make_unique<CollectedResponse>(
                    100, [this](const CollectedAnswer& answer) {
                      ends_.push_back(answer.code);
                    }));
  client_.reset();
  connection_.handlers_.back()->OnHead(200, {});
  connection_.handlers_.back()->OnEnd(absl::OkStatus());
  EXPECT_THAT(ends_, ElementsAre(200));
}

}  // namespace
}  // namespace lb::kubernetes
