#include "daemon/kubernetes/leased_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_loop.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SentRequests : public http::Client {
 public:
  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler>) override {
    methods.push_back(request.method);
    return ++last_id_;
  }
  void Cancel(http::RequestId id) override { cancelled.push_back(id); }

  std::vector<std::string> methods;
  std::vector<http::RequestId> cancelled;

 private:
  http::RequestId last_id_ = 0;
};

class Ends : public http::ResponseHandler {
 public:
  explicit Ends(std::vector<absl::Status>* ends) : ends_(ends) {}
  void OnHead(int, absl::Span<const http::Header>) override {}
  void OnBody(std::string_view) override {}
  void OnEnd(const absl::Status& status) override { ends_->push_back(status); }

 private:
  std::vector<absl::Status>* const ends_;
};

class LeasedClientTest : public testing::Test {
 protected:
  http::RequestId Send(const std::string& method) {
    return client_.Send({.method = method, .path = "/"},
                        std::make_unique<Ends>(&ends_));
  }

  io::SimLoop loop_;
  SentRequests sent_;
  bool is_held_ = true;
  LeasedClient client_{&loop_, &sent_, [this] { return is_held_; }};
  std::vector<absl::Status> ends_;
};

TEST_F(LeasedClientTest, SendsEverythingWhileTheLeaseIsHeld) {
  for (const char* method : {"GET", "PATCH", "POST", "DELETE"}) Send(method);
  EXPECT_THAT(sent_.methods, ElementsAre("GET", "PATCH", "POST", "DELETE"));
}

TEST_F(LeasedClientTest, WithoutTheLeaseItReadsAndWritesNothing) {
  is_held_ = false;
  for (const char* method : {"GET", "PATCH", "POST", "DELETE"}) Send(method);
  EXPECT_THAT(sent_.methods, ElementsAre("GET"));
  EXPECT_EQ(client_.refused(), 3u);
  EXPECT_THAT(ends_, IsEmpty());  // Never from within Send().
  loop_.RunFor(absl::ZeroDuration());
  ASSERT_EQ(ends_.size(), 3u);
  EXPECT_EQ(ends_[0].code(), absl::StatusCode::kUnavailable);
}

TEST_F(LeasedClientTest, ACancelledRequestDoesNotEnd) {
  const http::RequestId read = Send("GET");
  is_held_ = false;
  const http::RequestId write = Send("PATCH");
  EXPECT_NE(read, write);
  client_.Cancel(write);
  client_.Cancel(read);
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(ends_, IsEmpty());
  EXPECT_THAT(sent_.cancelled, ElementsAre(read));
}

}  // namespace
}  // namespace lb
