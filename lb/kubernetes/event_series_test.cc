#include "lb/kubernetes/event_series.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class EventSeriesTest : public testing::Test {
 protected:
  void Reset(EventOptions options = {}) {
    options.controller = "lb.io/lbd";
    options.instance = "n1";
    events_.emplace(options);
  }
  void SetUp() override { Reset(); }

  static KubernetesEvent Event(const std::string& note,
                               const std::string& service = "web") {
    return {.reason = "IPAllocated",
            .action = "Assign",
            .note = note,
            .regarding = {"v1", "Service", {"default", service}, "uid-1"}};
  }

  void Record(const KubernetesEvent& event) {
    events_->Record(now_, now_ + absl::Hours(1), event);
  }

  // "new NOTE" and "series COUNT"; each write is done at once.
  std::vector<std::string> Written(
      EventSeries::Outcome outcome = EventSeries::Outcome::kWritten) {
    std::vector<std::string> texts;
    while (true) {
      const std::vector<EventSeries::Write> writes = events_->TakeWrites();
      if (writes.empty()) return texts;
      for (const EventSeries::Write& write : writes) {
        texts.push_back(InWords(write));
        events_->OnWritten(now_, write.key, outcome);
      }
    }
  }

  static std::string InWords(const EventSeries::Write& write) {
    const absl::StatusOr<config::YamlNode> body = ReadJson(write.body);
    if (!body.ok()) return write.body;
    return write.is_new
               ? fmt::format("new {}", TextAt(*body, "note"))
               : fmt::format("series {}", TextAt(*body, "series.count"));
  }

  // Lets time pass as a loop would.
  void Pass(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (events_->deadline() <= end) {
      now_ = std::max(now_, events_->deadline());
      events_->OnTimer(now_);
      for (std::string& text : Written()) passed_.push_back(std::move(text));
    }
    now_ = end;
  }

  std::optional<EventSeries> events_;
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  std::vector<std::string> passed_;  // What was written in Pass().
};

TEST_F(EventSeriesTest, ANewEventHasAllThatTheApiWants) {
  Record(Event("192.0.2.1"));
  const std::vector<EventSeries::Write> writes = events_->TakeWrites();
  ASSERT_THAT(writes, SizeIs(1));
  EXPECT_EQ(writes[0].key.name_space, "default");
  EXPECT_THAT(writes[0].key.name, testing::StartsWith("web."));
  EXPECT_EQ(writes[0].body,
            R"({"apiVersion":"events.k8s.io/v1","kind":"Event",)"
            R"("metadata":{"name":")" +
                writes[0].key.name +
                R"(","namespace":"default"},)"
                R"("eventTime":"1970-01-01T01:16:40.000000Z",)"
                R"("reportingController":"lb.io/lbd","reportingInstance":"n1",)"
                R"("type":"Normal","reason":"IPAllocated","action":"Assign",)"
                R"("note":"192.0.2.1","regarding":{"apiVersion":"v1",)"
                R"("kind":"Service","namespace":"default","name":"web",)"
                R"("uid":"uid-1"}})");
}

TEST_F(EventSeriesTest, AnEventOfANodeIsInTheDefaultNamespace) {
  Record({.type = KubernetesEventType::kWarning,
          .reason = "Silent",
          .regarding = {"v1", "Node", {"", "n1"}, ""}});
  const std::vector<EventSeries::Write> writes = events_->TakeWrites();
  ASSERT_THAT(writes, SizeIs(1));
  EXPECT_EQ(writes[0].key.name_space, "default");
  EXPECT_THAT(writes[0].body, HasSubstr(R"("action":"Silent")"));
  EXPECT_THAT(writes[0].body,
              HasSubstr(R"("regarding":{"apiVersion":"v1","kind":"Node",)"
                        R"("name":"n1"}})"));
}

TEST_F(EventSeriesTest, TextsAreCutToTheBoundsOfTheApi) {
  KubernetesEvent event = Event(std::string(3000, 'n'));
  event.reason = std::string(300, 'r');
  event.action = std::string(300, 'a');
  event.regarding.key.name = std::string(253, 'x');
  Record(event);
  const std::vector<EventSeries::Write> writes = events_->TakeWrites();
  ASSERT_THAT(writes, SizeIs(1));
  const absl::StatusOr<config::YamlNode> body = ReadJson(writes[0].body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(TextAt(*body, "note").size(), 1024u);
  EXPECT_EQ(TextAt(*body, "reason").size(), 128u);
  EXPECT_EQ(TextAt(*body, "action").size(), 128u);
  EXPECT_LE(writes[0].key.name.size(), 253u);
}

// A node's name has up to 253 bytes, the field 128.
TEST_F(EventSeriesTest, ALongNameOfTheNodeIsCut) {
  events_.emplace(EventOptions{.controller = "lb.io/lbd",
                               .instance = std::string(253, 'n')});
  Record(Event("a"));
  const auto body = ReadJson(events_->TakeWrites().at(0).body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(TextAt(*body, "reportingInstance").size(), 128u);
}

// Names are labels with dots between them (RFC 1123): none is empty, and none
// ends with a dash.
TEST_F(EventSeriesTest, ALongNameOfAnObjectIsCutWithinALabel) {
  for (const char* const end : {".b", "-b", "-.b"}) {
    const std::string label(201 - std::string(end).size(), 'a');
    Record(Event("a", label + end + std::string(40, 'c')));
    const EventSeries::Write write = events_->TakeWrites().at(0);
    EXPECT_EQ(write.key.name.substr(0, label.size() + 1), label + ".");
  }
}

TEST_F(EventSeriesTest, TheSecondOccurrenceIsToldAtOnceAndLaterOnesSeldom) {
  Record(Event("a"));
  EXPECT_THAT(Written(), ElementsAre("new a"));
  Record(Event("a"));
  EXPECT_THAT(Written(), ElementsAre("series 2"));
  for (int i = 0; i < 10; ++i) {
    Pass(absl::Seconds(20));
    Record(Event("a"));
  }
  EXPECT_THAT(Written(), IsEmpty());
  Pass(absl::Minutes(3));
  EXPECT_THAT(passed_, ElementsAre("series 12"));
  EXPECT_EQ(events_->stats().repeated, 11u);
}

TEST_F(EventSeriesTest, ASeriesEndsAfterSixMinutesWithItsLastCount) {
  Record(Event("a"));
  Written();
  Record(Event("a"));
  Written();
  Pass(absl::Seconds(1));
  Record(Event("a"));
  Pass(absl::Minutes(7));
  EXPECT_THAT(passed_, ElementsAre("series 3"));
  EXPECT_EQ(events_->size(), 0u);
  EXPECT_EQ(events_->deadline(), absl::InfiniteFuture());
  Record(Event("a"));
  EXPECT_THAT(Written(), ElementsAre("new a"));
}

TEST_F(EventSeriesTest, AnotherNoteTypeOrObjectIsAnotherEvent) {
  Record(Event("a"));
  Record(Event("b"));
  Record(Event("a", "db"));
  KubernetesEvent warning = Event("a");
  warning.type = KubernetesEventType::kWarning;
  Record(warning);
  EXPECT_THAT(Written(), ElementsAre("new a", "new b", "new a", "new a"));
  EXPECT_EQ(events_->size(), 4u);
}

TEST_F(EventSeriesTest, OccurrencesWhileAWriteIsUnderWayAreToldAfterIt) {
  Record(Event("a"));
  const std::vector<EventSeries::Write> first = events_->TakeWrites();
  ASSERT_THAT(first, SizeIs(1));
  for (int i = 0; i < 4; ++i) Record(Event("a"));
  EXPECT_THAT(events_->TakeWrites(), IsEmpty());
  events_->OnWritten(now_, first[0].key, EventSeries::Outcome::kWritten);
  EXPECT_THAT(Written(), ElementsAre("series 5"));
}

TEST_F(EventSeriesTest, AnEventThatIsGoneBeginsAgain) {
  Record(Event("a"));
  Written();
  Record(Event("a"));
  EXPECT_THAT(Written(EventSeries::Outcome::kGone), ElementsAre("series 2"));
  Record(Event("a"));
  EXPECT_THAT(Written(), ElementsAre("new a"));
}

TEST_F(EventSeriesTest, ALostWriteIsCounted) {
  Record(Event("a"));
  EXPECT_THAT(Written(EventSeries::Outcome::kLost), ElementsAre("new a"));
  EXPECT_EQ(events_->stats().lost, 1u);
  EXPECT_EQ(events_->size(), 0u);
}

TEST_F(EventSeriesTest, NewEventsOfOneObjectAreLimited) {
  for (int i = 0; i < 100; ++i) Record(Event(fmt::format("{}", i)));
  EXPECT_THAT(Written(), SizeIs(25));
  EXPECT_EQ(events_->stats().limited, 75u);
  // Others are not.
  Record(Event("a", "db"));
  EXPECT_THAT(Written(), SizeIs(1));
  Pass(absl::Minutes(5));
  Record(Event("x"));
  Record(Event("y"));
  EXPECT_THAT(Written(), ElementsAre("new x"));
}

TEST_F(EventSeriesTest, TheQuietestSeriesMakesRoom) {
  Reset({.series_max = 3});
  for (const char* service : {"a", "b", "c"}) Record(Event("1", service));
  Written();
  Record(Event("1", "a"));
  Written();
  // The buckets are as many as the series; those that are full are forgotten.
  Pass(absl::Minutes(5));
  passed_.clear();
  Record(Event("1", "d"));
  Record(Event("1", "a"));
  EXPECT_EQ(events_->size(), 3u);
  // "b" was quiet for longest.
  Record(Event("1", "b"));
  EXPECT_THAT(Written(), ElementsAre("new 1", "series 3", "new 1"));
}

TEST_F(EventSeriesTest, ObjectsBeyondTheBoundAreLimited) {
  Reset({.series_max = 10});
  for (int i = 0; i < 100; ++i) Record(Event("1", fmt::format("s{}", i)));
  EXPECT_EQ(events_->size(), 10u);
  EXPECT_EQ(events_->stats().limited, 90u);
}

}  // namespace
}  // namespace lb::kubernetes
