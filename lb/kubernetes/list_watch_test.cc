// What a server does, and what the client does then.
#include "lb/kubernetes/list_watch.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/testing/list_watch_driver.h"

namespace lb::kubernetes {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;

constexpr absl::Duration kFirstWaitMax = absl::Milliseconds(50);

ReflectorOptions Services() {
  return {.resource = {"", "v1", "services"},
          .selector = {"spec.type", "LoadBalancer"}};
}

std::string Object(std::string_view name, int version) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"d","resourceVersion":"{}"}},)"
      R"("spec":{{"type":"LoadBalancer"}}}})",
      name, version);
}

std::string List(int version, std::string_view token,
                 const std::vector<std::string>& items) {
  return fmt::format(
      R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},)"
      R"("items":[{}]}})",
      version, token, fmt::join(items, ","));
}

std::string Event(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

const std::string_view kExpired =
    R"({"kind":"Status","code":410,"reason":"Expired"})";
const std::string_view kTooLarge =
    R"({"code":504,"reason":"Timeout","details":{"retryAfterSeconds":1,)"
    R"("causes":[{"reason":"ResourceVersionTooLarge"}]}})";

class ListWatchTest : public testing::Test {
 protected:
  void Begin(const ReflectorOptions& options) {
    driver_.emplace(options);
    driver_->Start();
  }

  // A server with the service "a", listed at version 100, and an open watch.
  void BeginWatching(const ReflectorOptions& options = Services()) {
    Begin(options);
    ASSERT_THAT(driver_->Sent(), testing::StartsWith("list"));
    driver_->Answer(200, List(100, "", {Object("a", 7)}));
    ASSERT_EQ(driver_->Sent(), "watch 100");
    driver_->Head();
    ASSERT_THAT(driver_->Changes(), ElementsAre("+a 7", "."));
    ASSERT_TRUE(driver_->core().is_synchronized());
    driver_->Pass(absl::Seconds(20));
  }

  std::optional<ListWatchDriver> driver_;
};

TEST_F(ListWatchTest, ListsPageByPageAndWatchesFromTheListsVersion) {
  Begin(Services());
  EXPECT_EQ(driver_->Sent(), "list");
  EXPECT_EQ(driver_->path(),
            "/api/v1/services?fieldSelector=spec.type%3DLoadBalancer&"
            "limit=500");
  driver_->Answer(200, List(100, "t1", {Object("a", 7)}));
  EXPECT_EQ(driver_->Sent(), "list t1");
  EXPECT_FALSE(driver_->core().is_listed());
  driver_->Answer(200, List(100, "", {Object("b", 9)}));
  EXPECT_THAT(driver_->Changes(), ElementsAre("+a 7", "+b 9", "."));
  EXPECT_EQ(driver_->Sent(), "watch 100");
  EXPECT_THAT(driver_->path(), AllOf(HasSubstr("allowWatchBookmarks=true"),
                                     HasSubstr("fieldSelector=")));
  EXPECT_FALSE(driver_->core().is_synchronized());
  driver_->Head();
  EXPECT_TRUE(driver_->core().is_synchronized());
}

TEST_F(ListWatchTest, EventsMoveTheVersionOn) {
  BeginWatching();
  driver_->Body(Event("ADDED", Object("b", 101)) +
                Event("MODIFIED", Object("a", 102)));
  driver_->Body(Event("DELETED", Object("b", 103)).substr(0, 30));
  EXPECT_THAT(driver_->Changes(), ElementsAre("+b 101", "+a 102"));
  driver_->Body(Event("DELETED", Object("b", 103)).substr(30));
  EXPECT_THAT(driver_->Changes(), ElementsAre("-b"));
  driver_->Body(Event("BOOKMARK", R"({"metadata":{"resourceVersion":"150"}})"));
  EXPECT_THAT(driver_->Changes(), IsEmpty());
  driver_->End();
  EXPECT_EQ(driver_->Sent(), "watch 150");
}

TEST_F(ListWatchTest, TheTimeoutOfAWatchIsRandomBetweenItsBounds) {
  std::vector<std::string> timeouts;
  BeginWatching();
  for (int i = 0; i < 20; ++i) {
    const std::string timeout =
        ParseSimRequest(driver_->request())->Query("timeoutSeconds");
    EXPECT_THAT(std::stoi(timeout), AllOf(Ge(300), Le(600)));
    timeouts.push_back(timeout);
    driver_->End();
    ASSERT_EQ(driver_->Sent(), "watch 100");
    driver_->Head();
    driver_->Pass(absl::Seconds(2));
  }
  EXPECT_NE(timeouts.front(), timeouts.back());
}

// How a watch ends, and what follows at once or after a wait.
TEST_F(ListWatchTest, EachAnswerToAWatchHasItsConsequence) {
  struct Case {
    int code;
    std::string_view body;
    std::string_view next;
  };
  const std::vector<Case> cases = {
      {401, "", "version"},
      {403, R"({"reason":"Forbidden"})", "version"},
      {404, "404 page not found", "version"},
      {406, "", "list"},
      {410, kExpired, "list"},
      {410, "", "list"},
      {429, "", "version"},
      {500, "", "version"},
      {502, "<html>", "version"},
      {503, "", "version"},
      {504, "", "version"},
      {504, kTooLarge, "version"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.code << " " << c.body);
    BeginWatching();
    driver_->End();
    ASSERT_EQ(driver_->Sent(), "watch 100");
    driver_->Answer(c.code, c.body);
    EXPECT_EQ(driver_->Sent(), "");
    EXPECT_FALSE(driver_->core().is_synchronized());
    EXPECT_TRUE(driver_->core().is_listed());
    driver_->Wait();
    EXPECT_EQ(driver_->Sent(), c.next);
    EXPECT_THAT(driver_->core().last_error(),
                HasSubstr(fmt::format("{}", c.code)));
    EXPECT_THAT(driver_->Changes(), IsEmpty());
  }
}

// A line of an open watch, and what follows after a wait.
TEST_F(ListWatchTest, EachBadLineHasItsConsequence) {
  struct Case {
    std::string line;
    std::string_view next;
  };
  const std::vector<Case> cases = {
      {Event("ERROR", kExpired), "list"},
      {Event("ERROR", R"({"code":410,"reason":"Gone"})"), "list"},
      {Event("ERROR", R"({"code":500})"), "version"},
      {Event("ERROR", kTooLarge), "version"},
      {Event("ERROR", R"({"code":429})"), "version"},
      {Event("ERROR", "{}"), "version"},
      {Event("RENAMED", "{}"), "list"},
      {"<html>\n", "list"},
      {"[]\n", "list"},
      {std::string(2000, 'x'), "list"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line.substr(0, 100));
    ReflectorOptions options = Services();
    options.line_bytes_max = 1000;
    BeginWatching(options);
    // What stands in front of the bad line counts, what is behind it does not.
    driver_->Body(Event("ADDED", Object("b", 101)) + c.line +
                  Event("ADDED", Object("c", 102)));
    EXPECT_THAT(driver_->Changes(), ElementsAre("+b 101"));
    EXPECT_EQ(driver_->Sent(), "cancel");
    EXPECT_FALSE(driver_->core().is_synchronized());
    EXPECT_LE(driver_->Wait(), absl::Seconds(2));
    EXPECT_EQ(driver_->Sent(), c.next);
  }
}

TEST_F(ListWatchTest, ALostConnectionIsRepairedWithoutAList) {
  BeginWatching();
  driver_->Lose();
  EXPECT_LE(driver_->Wait(), kFirstWaitMax);
  EXPECT_EQ(driver_->Sent(), "version");
  driver_->Answer(200, List(120, "x", {Object("a", 7)}));
  EXPECT_EQ(driver_->Sent(), "watch 100");
  EXPECT_FALSE(driver_->core().is_synchronized());
  driver_->Head();
  EXPECT_TRUE(driver_->core().is_synchronized());
  EXPECT_THAT(driver_->Changes(), IsEmpty());
}

TEST_F(ListWatchTest, AServerThatWentBackIsListed) {
  BeginWatching();
  driver_->Lose();
  driver_->Wait();
  ASSERT_EQ(driver_->Sent(), "version");
  driver_->Answer(200, List(99, "", {}));
  EXPECT_EQ(driver_->Sent(), "list");
  driver_->Answer(200, List(99, "", {}));
  EXPECT_THAT(driver_->Changes(), ElementsAre("-a", "."));
  EXPECT_EQ(driver_->Sent(), "watch 99");
}

TEST_F(ListWatchTest, ASilentWatchIsOpenedAgain) {
  BeginWatching();
  driver_->Body(Event("BOOKMARK", R"({"metadata":{"resourceVersion":"105"}})"));
  EXPECT_EQ(driver_->Wait(), absl::Seconds(90));
  EXPECT_EQ(driver_->Sent(), "cancel version");
  // A quiet cluster looks the same; the objects are still known.
  EXPECT_TRUE(driver_->core().is_synchronized());
  EXPECT_EQ(driver_->now() - driver_->core().heard_at(), absl::Seconds(90));
  driver_->Answer(200, List(105, "", {}));
  EXPECT_EQ(driver_->Sent(), "watch 105");
  EXPECT_EQ(driver_->core().stats().silences, 1u);
}

TEST_F(ListWatchTest, AServerThatAnswersNothingIsAskedAgain) {
  Begin(Services());
  EXPECT_EQ(driver_->Sent(), "list");
  EXPECT_EQ(driver_->Wait(), absl::Seconds(60));
  EXPECT_EQ(driver_->Sent(), "cancel");
  EXPECT_THAT(driver_->core().last_error(), HasSubstr("no answer within 1m"));
  driver_->Wait();
  EXPECT_EQ(driver_->Sent(), "list");
}

TEST_F(ListWatchTest, AWatchWithoutAHeadIsGivenUp) {
  BeginWatching();
  driver_->End();
  ASSERT_EQ(driver_->Sent(), "watch 100");
  EXPECT_EQ(driver_->Wait(), absl::Seconds(60));
  EXPECT_EQ(driver_->Sent(), "cancel");
  EXPECT_FALSE(driver_->core().is_synchronized());
}

TEST_F(ListWatchTest, AWatchThatTheServerDoesNotEndIsEndedHere) {
  BeginWatching();
  const absl::Time begin = driver_->now();
  while (true) {
    driver_->Body("\n");
    driver_->Pass(absl::Seconds(60));
    ASSERT_LT(driver_->now() - begin, absl::Minutes(12));
    if (driver_->core().deadline() > driver_->now()) continue;
    driver_->Wait();
    break;
  }
  EXPECT_EQ(driver_->Sent(), "cancel watch 100");
}

TEST_F(ListWatchTest, AWatchThatEndsAtOnceIsNotBegunAtOnce) {
  BeginWatching();
  driver_->End();
  absl::Duration last = absl::ZeroDuration();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(driver_->Sent(), "watch 100");
    driver_->Answer(200, "");
    ASSERT_EQ(driver_->Sent(), "");
    last = driver_->Wait();
  }
  EXPECT_GE(last, absl::Milliseconds(2500));
}

TEST_F(ListWatchTest, AWatchThatLastedEndsARowOfFailures) {
  BeginWatching();
  for (int i = 0; i < 10; ++i) {
    driver_->Lose();
    driver_->Wait();
    ASSERT_EQ(driver_->Sent(), "version");
  }
  driver_->Answer(200, List(100, "", {}));
  ASSERT_EQ(driver_->Sent(), "watch 100");
  driver_->Head();
  driver_->Lose();
  EXPECT_GE(driver_->Wait(), absl::Milliseconds(2500));
  ASSERT_EQ(driver_->Sent(), "version");
  driver_->Answer(200, List(100, "", {}));
  ASSERT_EQ(driver_->Sent(), "watch 100");
  driver_->Head();
  driver_->Pass(absl::Seconds(5));
  driver_->Lose();
  EXPECT_LE(driver_->Wait(), kFirstWaitMax);
}

TEST_F(ListWatchTest, ThreeVersionsTooLargeLeadToAList) {
  BeginWatching();
  driver_->End();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(driver_->Sent(), "watch 100");
    driver_->Answer(504, kTooLarge);
    EXPECT_GE(driver_->Wait(), absl::Seconds(1));
    if (i == 2) break;
    ASSERT_EQ(driver_->Sent(), "version");
    driver_->Answer(200, List(100, "", {}));
  }
  EXPECT_EQ(driver_->Sent(), "list");
}

TEST_F(ListWatchTest, AServersRetryAfterIsKept) {
  Begin(Services());
  ASSERT_EQ(driver_->Sent(), "list");
  driver_->Answer(429, "", {{"retry-after", "7"}});
  EXPECT_GE(driver_->Wait(), absl::Seconds(7));
  ASSERT_EQ(driver_->Sent(), "list");
  // One that is not ready is asked again soon, and later each time.
  driver_->Answer(503, "", {{"retry-after", "7"}});
  EXPECT_THAT(driver_->Wait(),
              AllOf(Ge(absl::Seconds(1)), Le(absl::Milliseconds(1250))));
  EXPECT_EQ(driver_->Sent(), "list");
}

TEST_F(ListWatchTest, AnOldServersListIsSelectedHere) {
  Begin(Services());
  ASSERT_EQ(driver_->Sent(), "list");
  driver_->Answer(400, R"({"message":"is not a known field selector"})");
  EXPECT_EQ(driver_->Sent(), "list all");
  driver_->Answer(200,
                  List(100, "",
                       {Object("a", 7),
                        R"({"metadata":{"name":"x","resourceVersion":"8"}})"}));
  EXPECT_THAT(driver_->Changes(), ElementsAre("+a 7", "."));
  EXPECT_EQ(driver_->Sent(), "watch 100 all");
  // A second 400 has another cause.
  driver_->Answer(400, "");
  EXPECT_EQ(driver_->Sent(), "");
  driver_->Wait();
  EXPECT_EQ(driver_->Sent(), "list all");
}

TEST_F(ListWatchTest, AWatchThatAnOldServerRefusesIsSelectedHere) {
  BeginWatching();
  driver_->End();
  ASSERT_EQ(driver_->Sent(), "watch 100");
  driver_->Answer(400, "");
  EXPECT_EQ(driver_->Sent(), "list all");
}

TEST_F(ListWatchTest, APageThatFailedIsAskedForAgain) {
  for (const int code : {401, 403, 404, 429, 500, 503}) {
    SCOPED_TRACE(code);
    Begin(Services());
    ASSERT_EQ(driver_->Sent(), "list");
    driver_->Answer(200, List(100, "t1", {Object("a", 7)}));
    ASSERT_EQ(driver_->Sent(), "list t1");
    driver_->Answer(code, "");
    driver_->Wait();
    EXPECT_EQ(driver_->Sent(), "list t1");
  }
}

TEST_F(ListWatchTest, ATokenThatExpiredBeginsTheListAgain) {
  for (const int code : {410, 400}) {
    SCOPED_TRACE(code);
    Begin(Services());
    ASSERT_EQ(driver_->Sent(), "list");
    driver_->Answer(200, List(100, "t1", {Object("a", 7)}));
    ASSERT_EQ(driver_->Sent(), "list t1");
    driver_->Answer(code, code == 410 ? kExpired : "");
    driver_->Wait();
    EXPECT_EQ(driver_->Sent(), "list");
    driver_->Answer(200, List(200, "", {Object("b", 150)}));
    EXPECT_THAT(driver_->Changes(), ElementsAre("+a 7", "+b 150", "-a", "."));
  }
}

TEST_F(ListWatchTest, APageThatIsTooLargeIsAskedForInSmallerOnes) {
  ReflectorOptions options = Services();
  options.page_bytes_max = 300;
  Begin(options);
  ASSERT_EQ(driver_->Sent(), "list");
  driver_->Head();
  driver_->Body(List(100, "", {Object("a", 1), Object("b", 1)}));
  EXPECT_EQ(driver_->Sent(), "");
  driver_->Body(List(100, "", {Object("c", 1), Object("d", 1)}));
  EXPECT_EQ(driver_->Sent(), "cancel");
  driver_->Wait();
  EXPECT_EQ(driver_->Sent(), "list");
  EXPECT_THAT(driver_->path(), HasSubstr("limit=250"));
  EXPECT_THAT(driver_->Changes(), IsEmpty());
}

TEST_F(ListWatchTest, AListThatMakesNoSenseFails) {
  for (const std::string_view body :
       {"<html>", "{}", R"({"items":[],"metadata":{}})", "{\"items\":["}) {
    SCOPED_TRACE(body);
    Begin(Services());
    ASSERT_EQ(driver_->Sent(), "list");
    driver_->Answer(200, body);
    EXPECT_EQ(driver_->Sent(), "");
    EXPECT_FALSE(driver_->core().is_listed());
    driver_->Wait();
    EXPECT_EQ(driver_->Sent(), "list");
  }
}

TEST_F(ListWatchTest, EmptyPagesWithoutAnEndAreSlow) {
  Begin(Services());
  absl::Duration waited;
  for (int i = 0; i < 12; ++i) {
    ASSERT_THAT(driver_->Sent(), testing::StartsWith("list"));
    driver_->Answer(200, List(100, "t", {}));
    waited += driver_->Wait();
  }
  EXPECT_GE(waited, absl::Seconds(10));
}

TEST_F(ListWatchTest, AListingIsRepeatedNowAndThen) {
  ReflectorOptions options = Services();
  options.relist_interval = absl::Minutes(2);
  options.silence_max = absl::Minutes(3);
  BeginWatching(options);
  absl::Duration waited;
  std::string sent;
  while (sent.empty()) {
    driver_->Body("\n");
    waited += driver_->Wait();
    sent = driver_->Sent();
  }
  EXPECT_EQ(sent, "cancel list");
  EXPECT_LE(waited, absl::Minutes(2));
  // Nothing is known to be wrong.
  EXPECT_TRUE(driver_->core().is_synchronized());
  driver_->Answer(200, List(300, "", {Object("a", 7)}));
  EXPECT_THAT(driver_->Changes(), ElementsAre("."));
  EXPECT_EQ(driver_->Sent(), "watch 300");
}

TEST_F(ListWatchTest, MetadataAloneIsAskedForInItsOwnForm) {
  Begin({.resource = {"", "v1", "namespaces"}, .metadata_only = true});
  ASSERT_EQ(driver_->Sent(), "list");
  ASSERT_EQ(driver_->request().headers.size(), 1u);
  EXPECT_EQ(driver_->request().headers[0].value,
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
            "application/json");
  driver_->Answer(200, List(100, "", {}));
  ASSERT_EQ(driver_->Sent(), "watch 100");
  EXPECT_EQ(driver_->request().headers[0].value,
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
            "application/json");
}

TEST_F(ListWatchTest, TheBodyOfAnErrorIsReadToItsBound) {
  Begin(Services());
  ASSERT_EQ(driver_->Sent(), "list");
  driver_->Head(500);
  for (int i = 0; i < 100; ++i) driver_->Body(std::string(10'000, 'x'));
  driver_->End();
  driver_->Wait();
  EXPECT_EQ(driver_->Sent(), "list");
}

}  // namespace
}  // namespace lb::kubernetes
