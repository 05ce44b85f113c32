#include "lb/base/event_log.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Dump(const std::vector<Event>& events) {
  std::vector<std::string> lines;
  for (const Event& event : events) {
    lines.push_back(std::to_string(event.sequence) + " " + event.reason);
  }
  return lines;
}

TEST(EventLogTest, NumbersEventsWithoutAGap) {
  EventLog log;
  log.Record({.reason = "A"});
  log.Record({.reason = "B"});
  EXPECT_THAT(Dump(log.Since(0)), ElementsAre("1 A", "2 B"));
  EXPECT_THAT(Dump(log.Since(1)), ElementsAre("2 B"));
  EXPECT_THAT(Dump(log.Since(2)), IsEmpty());
  EXPECT_THAT(Dump(log.Since(99)), IsEmpty());
  EXPECT_EQ(log.last_sequence(), 2);
}

TEST(EventLogTest, DropsTheOldestWhenFull) {
  EventLog log(/*events_max=*/2);
  for (const char* reason : {"A", "B", "C"}) log.Record({.reason = reason});
  EXPECT_THAT(Dump(log.Since(0)), ElementsAre("2 B", "3 C"));
}

TEST(EventLogTest, ReadsOneEventAtATime) {
  EventLog log(/*events_max=*/2);
  EXPECT_EQ(log.FirstSince(0), nullptr);
  for (const char* reason : {"A", "B", "C"}) log.Record({.reason = reason});
  EXPECT_EQ(log.FirstSince(0)->reason, "B");  // A was dropped.
  EXPECT_EQ(log.FirstSince(1)->reason, "B");
  EXPECT_EQ(log.FirstSince(2)->reason, "C");
  EXPECT_EQ(log.FirstSince(3), nullptr);
  EXPECT_EQ(log.FirstSince(99), nullptr);
}

TEST(EventLogTest, TellsTheObserverTheNumberToo) {
  EventLog log;
  std::vector<Event> seen;
  log.SetObserver([&](const Event& event) { seen.push_back(event); });
  log.Record({.reason = "A"});
  EXPECT_THAT(Dump(seen), ElementsAre("1 A"));
}

TEST(EventLogTest, AnObjectIsKindAndName) {
  const EventObject web(EventObject::kService, "default/web");
  EXPECT_EQ(web.ToString(), "Service/default/web");
  EXPECT_EQ(EventObject("", "log.cc:7").ToString(), "log.cc:7");
}

}  // namespace
}  // namespace lb
