// What the server answers to a write, and what the queue does then.
#include "lb/kubernetes/write_queue.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Resource kServices = {"", "v1", "services"};

class WriteQueueTest : public testing::Test {
 protected:
  void Reset(const WriterOptions& options = {}) {
    queue_.emplace(options, Prng(1));
    reports_.clear();
    last_ = 0;
  }
  void SetUp() override { Reset(); }

  WriteRequest Patch(std::string name, std::string body) {
    WriteRequest request;
    request.target = {kServices, {"d", name}, "status"};
    request.body = std::move(body);
    request.on_report = [this, name](const WriteReport& report) {
      reports_.push_back(fmt::format("{} {}", name, ToString(report.verdict)));
    };
    return request;
  }
  // Its rebase wants `wanted` in the field "v" and names the fresh version.
  WriteRequest Rebasing(std::string name, std::string body,
                        std::string wanted) {
    WriteRequest request = Patch(std::move(name), std::move(body));
    request.rebase =
        [wanted](const config::YamlNode& fresh) -> std::optional<std::string> {
      if (TextAt(fresh, "v") == wanted) return std::nullopt;
      return fmt::format("{} at {}", wanted,
                         TextAt(fresh, "metadata.resourceVersion"));
    };
    return request;
  }
  void Add(WriteRequest request) { queue_->Add(now_, std::move(request)); }

  // "PATCH a {}" for each request that is to be sent; "cancel 1".
  std::vector<std::string> Sent() {
    std::vector<std::string> texts;
    for (const WriteQueue::Order& order : queue_->TakeOrders()) {
      if (order.cancel) {
        texts.push_back(fmt::format("cancel {}", order.number));
        continue;
      }
      last_ = order.number;
      paths_.push_back(order.request.path);
      std::string name = order.request.path;
      if (name.ends_with("/status")) name.resize(name.size() - 7);
      name = name.substr(name.rfind('/') + 1);
      texts.push_back(fmt::format("{} {} {}", order.request.method, name,
                                  order.request.body));
    }
    return texts;
  }

  void Answer(int code, std::string_view body = "",
              std::vector<http::Header> headers = {}) {
    AnswerTo(last_, code, body, headers);
  }
  void AnswerTo(uint64_t number, int code, std::string_view body = "",
                std::vector<http::Header> headers = {}) {
    queue_->OnAnswer(now_, number, code, headers, body);
  }
  void Lose() { queue_->OnLost(now_, last_, absl::UnavailableError("reset")); }

  absl::Duration Wait() {
    const absl::Duration wait = queue_->deadline() - now_;
    now_ = queue_->deadline();
    queue_->OnTimer(now_);
    return wait;
  }

  std::vector<std::string> Reports() {
    for (auto& [on_report, report] : queue_->TakeReports()) on_report(report);
    return std::exchange(reports_, {});
  }

  std::optional<WriteQueue> queue_;
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  uint64_t last_ = 0;
  std::vector<std::string> paths_;
  std::vector<std::string> reports_;
};

TEST_F(WriteQueueTest, EachVerbHasItsRequest) {
  WriteRequest patch = Patch("a", "{1}");
  Add(std::move(patch));
  WriteRequest create = Patch("b", "{2}");
  create.verb = WriteVerb::kCreate;
  create.target.subresource = "";
  Add(std::move(create));
  WriteRequest remove = Patch("c", "");
  remove.verb = WriteVerb::kDelete;
  remove.target.subresource = "";
  Add(std::move(remove));
  const std::vector<WriteQueue::Order> orders = queue_->TakeOrders();
  ASSERT_THAT(orders, SizeIs(3));
  EXPECT_EQ(orders[0].request.method, "PATCH");
  EXPECT_EQ(orders[0].request.path, "/api/v1/namespaces/d/services/a/status");
  EXPECT_EQ(orders[0].request.headers[1].value, "application/merge-patch+json");
  EXPECT_EQ(orders[1].request.method, "POST");
  EXPECT_EQ(orders[1].request.path, "/api/v1/namespaces/d/services");
  EXPECT_EQ(orders[1].request.headers[1].value, "application/json");
  EXPECT_EQ(orders[2].request.method, "DELETE");
  EXPECT_EQ(orders[2].request.path, "/api/v1/namespaces/d/services/c");
}

TEST_F(WriteQueueTest, SomeAnswersAreVerdicts) {
  struct Case {
    int code;
    std::string_view body;
    std::string_view verdict;
  };
  const std::vector<Case> cases = {
      {200, "{}", "a Done"},
      {201, "no json", "a Done"},
      {404, "", "a Gone"},
      {410, "", "a Gone"},
      {409, R"({"reason":"AlreadyExists"})", "a Exists"},
      {409, "", "a Conflict"},
      {400, "", "a Refused"},
      {422, R"({"reason":"Invalid"})", "a Refused"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.code);
    Reset();
    Add(Patch("a", "{}"));
    EXPECT_THAT(Sent(), ElementsAre("PATCH a {}"));
    Answer(c.code, c.body);
    EXPECT_THAT(Reports(), ElementsAre(c.verdict));
    EXPECT_THAT(Sent(), IsEmpty());
    EXPECT_EQ(queue_->size(), 0u);
    EXPECT_EQ(queue_->deadline(), absl::InfiniteFuture());
  }
}

TEST_F(WriteQueueTest, OtherAnswersAreTriedAgain) {
  for (const int code : {401, 403, 429, 500, 502, 503, 504}) {
    SCOPED_TRACE(code);
    Reset();
    Add(Patch("a", "{}"));
    Sent();
    Answer(code);
    EXPECT_THAT(Reports(), IsEmpty());
    EXPECT_THAT(Sent(), IsEmpty());
    EXPECT_LE(Wait(), absl::Milliseconds(50));
    EXPECT_THAT(Sent(), ElementsAre("PATCH a {}"));
    Answer(200);
    EXPECT_THAT(Reports(), ElementsAre("a Done"));
  }
}

TEST_F(WriteQueueTest, ALostAnswerIsTriedAgain) {
  Add(Patch("a", "{}"));
  Sent();
  Lose();
  EXPECT_THAT(Sent(), IsEmpty());
  Wait();
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {}"));
}

TEST_F(WriteQueueTest, AnAnswerThatDoesNotComeIsGivenUp) {
  Add(Patch("a", "{}"));
  Sent();
  EXPECT_EQ(Wait(), absl::Seconds(30));
  EXPECT_THAT(Sent(), ElementsAre("cancel 1"));
  AnswerTo(1, 200);
  EXPECT_THAT(Reports(), IsEmpty());
  Wait();
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {}"));
}

TEST_F(WriteQueueTest, ALackOfRightsIsReportedInTheEnd) {
  Add(Patch("a", "{}"));
  absl::Duration waited;
  for (int i = 0; i < 11; ++i) {
    ASSERT_THAT(Sent(), SizeIs(1)) << i;
    Answer(403);
    ASSERT_THAT(Reports(), IsEmpty()) << i;
    waited += Wait();
  }
  Sent();
  Answer(403, R"({"reason":"Forbidden","message":"no patch"})");
  EXPECT_THAT(Reports(), ElementsAre("a Refused"));
  EXPECT_EQ(queue_->last_error(),
            "services d/a status: 403 Forbidden: no patch");
  EXPECT_GE(waited, absl::Seconds(10));
}

TEST_F(WriteQueueTest, ALaterWishTakesThePlaceOfOneThatWaits) {
  Add(Patch("a", "{1}"));
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {1}"));
  Add(Patch("a", "{2}"));
  Add(Patch("a", "{3}"));
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(Reports(), ElementsAre("a Superseded"));
  Answer(200, "{}");
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {3}"));
  Answer(200, "{}");
  EXPECT_THAT(Reports(), ElementsAre("a Done", "a Done"));
}

TEST_F(WriteQueueTest, AWishThatFailedYieldsToALaterOne) {
  Add(Patch("a", "{1}"));
  Sent();
  Add(Patch("a", "{2}"));
  Answer(500);
  EXPECT_THAT(Reports(), ElementsAre("a Superseded"));
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {2}"));
}

TEST_F(WriteQueueTest, AWishThatWaitedSeesTheFreshObject) {
  Add(Patch("a", "{1}"));
  Sent();
  Add(Rebasing("a", "{2}", "w"));
  Answer(200, R"({"metadata":{"resourceVersion":"8"},"v":"x"})");
  EXPECT_THAT(Sent(), ElementsAre("PATCH a w at 8"));
  Add(Rebasing("a", "{3}", "w"));
  Answer(200, R"({"metadata":{"resourceVersion":"9"},"v":"w"})");
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(Reports(), ElementsAre("a Done", "a Unneeded", "a Done"));
  EXPECT_EQ(queue_->size(), 0u);
}

TEST_F(WriteQueueTest, AConflictIsReadAndRebased) {
  Add(Rebasing("a", "{1}", "w"));
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {1}"));
  Answer(409, R"({"reason":"Conflict"})");
  EXPECT_THAT(Sent(), ElementsAre("GET a "));
  EXPECT_EQ(paths_.back(), "/api/v1/namespaces/d/services/a");
  Answer(200, R"({"metadata":{"resourceVersion":"8"},"v":"x"})");
  EXPECT_THAT(Sent(), ElementsAre("PATCH a w at 8"));
  Answer(200, "{}");
  EXPECT_THAT(Reports(), ElementsAre("a Done"));
}

// The write was done, and its answer lost.
TEST_F(WriteQueueTest, AConflictWithItselfIsSeen) {
  Add(Rebasing("a", "{1}", "w"));
  Sent();
  Lose();
  Wait();
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {1}"));
  Answer(409);
  EXPECT_THAT(Sent(), ElementsAre("GET a "));
  Answer(200, R"({"metadata":{"resourceVersion":"8"},"v":"w"})");
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(Reports(), ElementsAre("a Unneeded"));
}

TEST_F(WriteQueueTest, AnObjectThatIsGoneWhenItIsReadIsReported) {
  Add(Rebasing("a", "{1}", "w"));
  Sent();
  Answer(409);
  Sent();
  Answer(404);
  EXPECT_THAT(Reports(), ElementsAre("a Gone"));
}

TEST_F(WriteQueueTest, ConflictsWithoutAnEndAreReported) {
  Add(Rebasing("a", "{1}", "w"));
  int reads = 0;
  for (int i = 0; i < 100 && queue_->size() > 0; ++i) {
    const std::vector<std::string> sent = Sent();
    if (sent.empty()) {
      Wait();
      continue;
    }
    if (sent[0].starts_with("GET")) {
      ++reads;
      Answer(200, "{}");
    } else {
      Answer(409);
    }
  }
  EXPECT_EQ(reads, 10);
  EXPECT_THAT(Reports(), ElementsAre("a Conflict"));
}

TEST_F(WriteQueueTest, WritesOfOneTargetAreNeverUnderWayTogether) {
  Add(Patch("a", "{1}"));
  Add(Patch("a", "{2}"));
  WriteRequest object = Patch("a", "{3}");
  object.target.subresource = "";
  Add(std::move(object));
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {1}", "PATCH a {3}"));
}

TEST_F(WriteQueueTest, RequestsUnderWayAreBounded) {
  for (int i = 0; i < 20; ++i) Add(Patch(fmt::format("s{:02}", i), "{}"));
  EXPECT_THAT(Sent(), SizeIs(8));
  EXPECT_EQ(queue_->in_flight(), 8u);
  AnswerTo(3, 200);
  EXPECT_THAT(Sent(), ElementsAre("PATCH s08 {}"));
}

TEST_F(WriteQueueTest, RequestsASecondAreBounded) {
  Reset({.burst = 5, .interval = absl::Milliseconds(100)});
  for (int i = 0; i < 30; ++i) Add(Patch(fmt::format("s{}", i), "{}"));
  const absl::Time begin = now_;
  int sent = 0;
  while (queue_->size() > 0) {
    const size_t count = Sent().size();
    if (count == 0) {
      Wait();
      continue;
    }
    const uint64_t newest = last_;
    for (size_t i = 0; i < count; ++i) AnswerTo(newest - i, 200);
    sent += static_cast<int>(count);
  }
  EXPECT_EQ(sent, 30);
  EXPECT_EQ(now_ - begin, absl::Milliseconds(2500));
}

TEST_F(WriteQueueTest, AnOverloadedServerStopsEverything) {
  for (const bool is_lost : {false, true}) {
    SCOPED_TRACE(is_lost);
    Reset();
    for (int i = 0; i < 10; ++i) Add(Patch(fmt::format("s{}", i), "{}"));
    ASSERT_THAT(Sent(), SizeIs(8));
    for (uint64_t number = 1; number <= 8; ++number) {
      if (is_lost) {
        queue_->OnLost(now_, number, absl::UnavailableError("reset"));
      } else {
        AnswerTo(number, 429, "", {{"retry-after", "3"}});
      }
    }
    EXPECT_THAT(Sent(), IsEmpty());
    const absl::Duration wait = Wait();
    EXPECT_GE(wait, is_lost ? absl::Milliseconds(25) : absl::Seconds(3));
    // One write tries whether the server is well.
    EXPECT_THAT(Sent(), SizeIs(1));
    Answer(200);
    EXPECT_THAT(Sent(), SizeIs(8));
  }
}

TEST_F(WriteQueueTest, AVerdictEndsTheTryingOfOneAtATime) {
  for (int i = 0; i < 10; ++i) Add(Patch(fmt::format("s{}", i), "{}"));
  Sent();
  for (uint64_t number = 1; number <= 8; ++number) AnswerTo(number, 503);
  Wait();
  ASSERT_THAT(Sent(), SizeIs(1));
  Answer(404);
  EXPECT_THAT(Sent(), SizeIs(8));
}

TEST_F(WriteQueueTest, AWriteThatFailsDoesNotHoldUpOthers) {
  Add(Patch("a", "{}"));
  Sent();
  for (int i = 0; i < 10; ++i) {
    Answer(500);
    Wait();
    ASSERT_THAT(Sent(), ElementsAre("PATCH a {}"));
  }
  Answer(500);
  Add(Patch("b", "{}"));
  EXPECT_THAT(Sent(), ElementsAre("PATCH b {}"));
}

TEST_F(WriteQueueTest, AWriteBeyondTheBoundIsReported) {
  Reset({.targets_max = 2, .in_flight_max = 1});
  for (const char* name : {"a", "b", "c", "d"}) Add(Patch(name, "{}"));
  EXPECT_THAT(Reports(), ElementsAre("d Overflow"));
  EXPECT_EQ(queue_->size(), 3u);
  // A wish for an object that waits already needs no place.
  Add(Patch("c", "{2}"));
  EXPECT_THAT(Reports(), ElementsAre("c Superseded"));
}

TEST_F(WriteQueueTest, EventsComeLastAndAreDroppedFirst) {
  Reset({.low_max = 3, .in_flight_max = 4, .low_in_flight_max = 1});
  const auto event = [&](const char* name) {
    WriteRequest request = Patch(name, "{}");
    request.priority = WritePriority::kLow;
    return request;
  };
  for (const char* name : {"e1", "e2", "e3", "e4", "e5"}) Add(event(name));
  EXPECT_THAT(Sent(), ElementsAre("PATCH e1 {}"));
  EXPECT_THAT(Reports(), ElementsAre("e5 Overflow"));
  Add(Patch("a", "{}"));
  Add(Patch("b", "{}"));
  EXPECT_THAT(Sent(), ElementsAre("PATCH a {}", "PATCH b {}"));
  AnswerTo(1, 200);
  EXPECT_THAT(Sent(), ElementsAre("PATCH e2 {}"));
}

}  // namespace
}  // namespace lb::kubernetes
