// Events against a simulated API server.
#include "lb/kubernetes/event_recorder.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Resource kEvents = {"events.k8s.io", "v1", "events"};

class EventRecorderTest : public testing::Test {
 protected:
  EventRecorderTest() {
    server_.AddKind({.resource = kEvents, .kind = "Event"});
    writer_ = std::make_unique<Writer>(&loop_, server_.AddHost("n1"),
                                       WriterOptions(), Prng(3));
    recorder_ = std::make_unique<EventRecorder>(
        &loop_, writer_.get(),
        EventOptions{.controller = "lb.io/lbd", .instance = "n1"});
  }

  void Record(const std::string& note) {
    recorder_->Record({.reason = "IPAllocated",
                       .action = "Assign",
                       .note = note,
                       .regarding = {"v1", "Service", {"d", "web"}, "u"}});
  }

  // "NOTE xCOUNT" of the Events that the server has.
  std::vector<std::string> Events() {
    std::vector<std::string> texts;
    for (const auto& [key, event] : server_.store().Objects(kEvents)) {
      const std::string_view count = TextAt(*event, "series.count");
      texts.push_back(fmt::format("{} x{}", TextAt(*event, "note"),
                                  count.empty() ? "1" : count));
    }
    return texts;
  }

  io::SimLoop loop_;
  SimApiServer server_{&loop_, {}, Prng(1)};
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<EventRecorder> recorder_;
};

TEST_F(EventRecorderTest, AThousandOccurrencesAreAFewRequests) {
  for (int i = 0; i < 1000; ++i) {
    Record("192.0.2.1");
    loop_.RunFor(absl::Seconds(1));
  }
  loop_.RunFor(absl::Minutes(10));
  EXPECT_THAT(Events(), ElementsAre("192.0.2.1 x1000"));
  EXPECT_LE(server_.log().requests().size(), 7u);
}

TEST_F(EventRecorderTest, AnEventWhoseAnswerWasLostIsThereOnce) {
  server_.faults().lost_after = 100;
  Record("a");
  loop_.RunFor(absl::Milliseconds(20));
  server_.faults() = {};
  loop_.RunFor(absl::Seconds(10));
  EXPECT_THAT(Events(), ElementsAre("a x1"));
  Record("a");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(), ElementsAre("a x2"));
}

TEST_F(EventRecorderTest, AnEventThatTheServerForgotIsWrittenAgain) {
  Record("a");
  loop_.RunFor(absl::Seconds(1));
  // The server keeps events for an hour.
  server_.Delete(kEvents, server_.store().Objects(kEvents).begin()->first);
  Record("a");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(), IsEmpty());
  Record("a");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(), ElementsAre("a x1"));
}

TEST_F(EventRecorderTest, AServerThatIsAwayCostsNothingButTheEvents) {
  server_.Restart(absl::Minutes(30), absl::ZeroDuration());
  for (int i = 0; i < 1000; ++i) {
    Record(fmt::format("{}", i));
    loop_.RunFor(absl::Seconds(1));
  }
  EXPECT_LE(writer_->size(), 1000u);
  loop_.RunFor(absl::Minutes(30));
  EXPECT_EQ(writer_->size(), 0u);
  EXPECT_GT(recorder_->stats().limited, 900u);
}

TEST_F(EventRecorderTest, ItsReportsMayComeAfterIt) {
  Record("a");
  recorder_.reset();
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(), ElementsAre("a x1"));
}

}  // namespace
}  // namespace lb::kubernetes
