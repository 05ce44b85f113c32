// The simulated server, held to what real ones were seen to do.
#include "lb/kubernetes/testing/sim_api_server.h"

#include <memory>
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
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/api_error.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Resource kServices = {"", "v1", "services"};
const Resource kPools = {"metallb.io", "v1beta1", "ipaddresspools"};

// What came of one request.
struct Response {
  int code = 0;
  std::string body;
  std::optional<absl::Status> end;
};

class Recorder : public http::ResponseHandler {
 public:
  explicit Recorder(std::shared_ptr<Response> response)
      : response_(std::move(response)) {}
  void OnHead(int status, absl::Span<const http::Header>) override {
    response_->code = status;
  }
  void OnBody(std::string_view bytes) override { response_->body += bytes; }
  void OnEnd(const absl::Status& status) override { response_->end = status; }

 private:
  std::shared_ptr<Response> response_;
};

class SimApiServerTest : public testing::Test {
 protected:
  SimApiServerTest() {
    server_.AddKind(
        {.resource = kServices, .kind = "Service", .has_status = true});
    server_.AddKind({.resource = kPools,
                     .kind = "IPAddressPool",
                     .has_status = true,
                     .is_custom = true});
    client_ = server_.AddHost("n1");
  }

  std::shared_ptr<Response> Send(http::Request request) {
    auto response = std::make_shared<Response>();
    id_ =
        client_->Send(std::move(request), std::make_unique<Recorder>(response));
    return response;
  }
  std::shared_ptr<Response> Get(std::string path) {
    auto response = Send({.path = std::move(path)});
    loop_.RunFor(absl::Milliseconds(50));
    return response;
  }
  std::shared_ptr<Response> PatchRequest(std::string path, std::string body) {
    auto response =
        Send({.method = "PATCH",
              .path = std::move(path),
              .headers = {{"content-type", "application/merge-patch+json"}},
              .body = std::move(body)});
    loop_.RunFor(absl::Milliseconds(50));
    return response;
  }

  void Create(std::string_view name, std::string_view type = "LoadBalancer") {
    server_.Create(
        kServices,
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}},)"
                    R"("spec":{{"type":"{}"}}}})",
                    name, type));
  }

  static std::vector<std::string> Names(const std::string& body) {
    std::vector<std::string> names;
    (void)ReadJsonList(body, [&](const JsonObject& item) {
      names.emplace_back(TextAt(item.tree, "metadata.name"));
    });
    return names;
  }
  // "ADDED a", "BOOKMARK ", "ERROR 410" for each line.
  static std::vector<std::string> Events(const std::string& body) {
    std::vector<std::string> events;
    size_t begin = 0;
    for (size_t end = body.find('\n'); end != body.npos;
         end = body.find('\n', begin)) {
      const auto event = ReadJsonEvent(body.substr(begin, end - begin));
      begin = end + 1;
      if (!event.ok()) {
        events.emplace_back("no event");
        continue;
      }
      const config::YamlNode& object = event->object.tree;
      events.push_back(fmt::format("{} {}", event->type,
                                   event->type == "ERROR"
                                       ? TextAt(object, "code")
                                       : TextAt(object, "metadata.name")));
    }
    return events;
  }

  std::string Version() const {
    return fmt::format("{}", server_.store().version());
  }
  std::string WatchPath(std::string_view version,
                        std::string_view more = "") const {
    return fmt::format(
        "/api/v1/services?watch=1&resourceVersion={}&timeoutSeconds=300{}",
        version, more);
  }

  io::SimLoop loop_;
  SimApiServer server_{&loop_, {}, Prng(1)};
  http::Client* client_ = nullptr;
  http::RequestId id_ = 0;
};

TEST_F(SimApiServerTest, ListsPageByPageOneMoment) {
  for (const char* name : {"a", "b", "c"}) Create(name);
  auto first = Get("/api/v1/services?limit=2");
  EXPECT_EQ(first->code, 200);
  EXPECT_THAT(Names(first->body), ElementsAre("a", "b"));
  server_.Delete(kServices, {"d", "c"});
  EXPECT_THAT(Names(Get("/api/v1/services?limit=2&continue=token-1")->body),
              ElementsAre("c"));
  EXPECT_THAT(Names(Get("/api/v1/services")->body), ElementsAre("a", "b"));
  EXPECT_THAT(Names(Get("/api/v1/namespaces/x/services")->body), IsEmpty());
}

TEST_F(SimApiServerTest, AContinueTokenExpires) {
  for (const char* name : {"a", "b", "c"}) Create(name);
  Get("/api/v1/services?limit=1");
  loop_.RunFor(absl::Minutes(6));
  EXPECT_EQ(Get("/api/v1/services?limit=1&continue=token-1")->code, 410);
  Get("/api/v1/services?limit=1");
  server_.Compact();
  EXPECT_EQ(Get("/api/v1/services?limit=1&continue=token-2")->code, 410);
}

TEST_F(SimApiServerTest, SelectsByFieldsThatItKnows) {
  Create("a");
  Create("x", "ClusterIP");
  const std::string path =
      "/api/v1/services?fieldSelector=spec.type%3DLoadBalancer";
  EXPECT_THAT(Names(Get(path)->body), ElementsAre("a"));
  server_.fields().knows_spec_type = false;
  EXPECT_EQ(Get(path)->code, 400);
  EXPECT_EQ(Get(path + "&watch=1&resourceVersion=100")->code, 400);
  EXPECT_THAT(
      Names(Get("/api/v1/services?fieldSelector=metadata.name%3Dx")->body),
      ElementsAre("x"));
}

TEST_F(SimApiServerTest, ReadsTheCacheWithVersionZero) {
  server_.SetCacheLag(absl::Seconds(1));
  Create("a");
  loop_.RunFor(absl::Seconds(2));
  Create("b");
  server_.Delete(kServices, {"d", "a"});
  EXPECT_THAT(Names(Get("/api/v1/services?resourceVersion=0")->body),
              ElementsAre("a"));
  EXPECT_THAT(Names(Get("/api/v1/services")->body), ElementsAre("b"));
  auto future = Get("/api/v1/services?resourceVersion=9999");
  EXPECT_EQ(future->code, 504);
  EXPECT_EQ(ReadApiError(504, {}, future->body).kind,
            ErrorKind::kVersionTooLarge);
}

TEST_F(SimApiServerTest, AWatchTellsWhatFollowsItsVersion) {
  Create("a");
  const std::string version = Version();
  Create("b");
  auto watch = Get(WatchPath(version));
  EXPECT_EQ(watch->code, 200);
  EXPECT_THAT(Events(watch->body), ElementsAre("ADDED b"));
  server_.Patch(kServices, {"d", "a"}, R"({"spec":{"x":1}})");
  server_.Delete(kServices, {"d", "b"});
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(watch->body),
              ElementsAre("ADDED b", "MODIFIED a", "DELETED b"));
  EXPECT_EQ(server_.open_watches(), 1u);
  loop_.RunFor(absl::Minutes(5));
  EXPECT_EQ(watch->end, absl::OkStatus());
  EXPECT_EQ(server_.open_watches(), 0u);
}

TEST_F(SimApiServerTest, AnObjectThatMatchesNoMoreIsDeletedForTheWatch) {
  Create("a");
  auto watch =
      Get(WatchPath(Version(), "&fieldSelector=spec.type%3DLoadBalancer"));
  server_.Patch(kServices, {"d", "a"}, R"({"spec":{"type":"ClusterIP"}})");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(watch->body), ElementsAre("DELETED a"));
  EXPECT_THAT(watch->body, HasSubstr("LoadBalancer"));
  EXPECT_THAT(watch->body, HasSubstr(fmt::format("\"{}\"", Version())));
  server_.Patch(kServices, {"d", "a"}, R"({"spec":{"type":"LoadBalancer"}})");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(watch->body), ElementsAre("DELETED a", "ADDED a"));
}

TEST_F(SimApiServerTest, BookmarksComeWhereSomethingChanged) {
  Create("a");
  auto watch = Get(WatchPath(
      Version(), "&allowWatchBookmarks=true&fieldSelector=metadata.name%3Da"));
  loop_.RunFor(absl::Minutes(2));
  EXPECT_THAT(Events(watch->body), IsEmpty());
  Create("b");
  loop_.RunFor(absl::Minutes(2));
  EXPECT_THAT(Events(watch->body), ElementsAre("BOOKMARK "));
}

TEST_F(SimApiServerTest, ATooOldVersionIsRefusedInBothForms) {
  Create("a");
  server_.Compact();
  int as_status = 0;
  int in_stream = 0;
  for (int i = 0; i < 50; ++i) {
    auto watch = Get(WatchPath("99"));
    if (watch->code == 410) {
      ++as_status;
    } else {
      EXPECT_THAT(Events(watch->body), ElementsAre("ERROR 410"));
      ++in_stream;
    }
  }
  EXPECT_GT(as_status, 0);
  EXPECT_GT(in_stream, 0);
}

TEST_F(SimApiServerTest, AWatchFromTheFutureIsSilent) {
  auto watch = Get(WatchPath("9999"));
  Create("a");
  loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(watch->code, 200);
  EXPECT_EQ(watch->body, "");
}

TEST_F(SimApiServerTest, WritesAreCheckedAgainstTheVersion) {
  Create("a");
  const std::string version = Version();
  const std::string path = "/api/v1/namespaces/d/services/a";
  const auto patch = [&](std::string_view at) {
    return fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},)"
                       R"("spec":{{"x":{}}}}})",
                       at, at);
  };
  EXPECT_EQ(PatchRequest(path, patch(version))->code, 200);
  EXPECT_EQ(PatchRequest(path, patch(version))->code, 409);
  EXPECT_EQ(PatchRequest(path, R"({"spec":{"y":1}})")->code, 200);
  EXPECT_EQ(PatchRequest(path + "x", "{}")->code, 404);
  EXPECT_EQ(PatchRequest(path, "{")->code, 400);
}

TEST_F(SimApiServerTest, APatchThatChangesNothingIsNoWrite) {
  Create("a");
  const std::string version = Version();
  EXPECT_EQ(PatchRequest("/api/v1/namespaces/d/services/a",
                         R"({"spec":{"type":"LoadBalancer"}})")
                ->code,
            200);
  EXPECT_EQ(Version(), version);
}

TEST_F(SimApiServerTest, AStatusPatchKeepsAnnotationsAndIgnoresTheSpec) {
  Create("a");
  PatchRequest("/api/v1/namespaces/d/services/a/status",
               R"({"metadata":{"annotations":{"k":"v"}},)"
               R"("spec":{"type":"ClusterIP"},"status":{"x":"y"}})");
  const SimObject& service = server_.store().Objects(kServices).at({"d", "a"});
  EXPECT_EQ(TextAt(*service, "metadata.annotations.k"), "v");
  EXPECT_EQ(TextAt(*service, "spec.type"), "LoadBalancer");
  EXPECT_EQ(TextAt(*service, "status.x"), "y");
  PatchRequest("/api/v1/namespaces/d/services/a", R"({"status":{"x":"z"}})");
  EXPECT_EQ(
      TextAt(*server_.store().Objects(kServices).at({"d", "a"}), "status.x"),
      "y");
}

TEST_F(SimApiServerTest, AStatusPatchOfACustomResourceIsTheStatusAlone) {
  server_.Create(kPools, R"({"metadata":{"namespace":"m","name":"p"}})");
  PatchRequest("/apis/metallb.io/v1beta1/namespaces/m/ipaddresspools/p/status",
               R"({"metadata":{"annotations":{"k":"v"}},"status":{"x":"y"}})");
  const SimObject& pool = server_.store().Objects(kPools).at({"m", "p"});
  EXPECT_EQ(TextAt(*pool, "metadata.annotations.k"), "");
  EXPECT_EQ(TextAt(*pool, "status.x"), "y");
}

TEST_F(SimApiServerTest, CreatesAndDeletes) {
  const auto post = [&] {
    auto response = Send({.method = "POST",
                          .path = "/api/v1/namespaces/d/services",
                          .body = R"({"metadata":{"name":"a"}})"});
    loop_.RunFor(absl::Milliseconds(50));
    return response;
  };
  EXPECT_EQ(post()->code, 201);
  auto second = post();
  EXPECT_EQ(second->code, 409);
  EXPECT_EQ(ReadApiError(409, {}, second->body).kind, ErrorKind::kExists);
  const auto remove = [&](std::string body) {
    auto response = Send({.method = "DELETE",
                          .path = "/api/v1/namespaces/d/services/a",
                          .body = std::move(body)});
    loop_.RunFor(absl::Milliseconds(50));
    return response->code;
  };
  EXPECT_EQ(remove(R"({"preconditions":{"uid":"other"}})"), 409);
  EXPECT_EQ(remove(""), 200);
  EXPECT_EQ(remove(""), 404);
}

TEST_F(SimApiServerTest, GivesMetadataAlone) {
  Create("a");
  auto response =
      Send({.path = "/api/v1/services",
            .headers = {{"accept",
                         "application/json;as=PartialObjectMetadataList;"
                         "g=meta.k8s.io;v=v1"}}});
  loop_.RunFor(absl::Milliseconds(50));
  EXPECT_THAT(Names(response->body), ElementsAre("a"));
  EXPECT_THAT(response->body, Not(HasSubstr("spec")));
  EXPECT_THAT(response->body, HasSubstr("managedFields"));
}

TEST_F(SimApiServerTest, AnUnknownResourceIsNotFound) {
  EXPECT_EQ(Get("/apis/x.io/v1/things")->code, 404);
  EXPECT_EQ(Get("/healthz")->code, 404);
}

TEST_F(SimApiServerTest, ARestartLosesConnectionsAndForgetsThePast) {
  Create("a");
  const std::string version = Version();
  Create("b");
  auto watch = Get(WatchPath(version));
  server_.Restart(absl::Seconds(2), absl::Seconds(1));
  ASSERT_TRUE(watch->end);
  EXPECT_EQ(watch->end->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Get("/api/v1/services")->end->code(),
            absl::StatusCode::kUnavailable);
  loop_.RunFor(absl::Seconds(2));
  EXPECT_EQ(Get("/api/v1/services")->code, 403);
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Get("/api/v1/services")->code, 200);
  server_.Compact();
  auto old = Get(WatchPath(version));
  EXPECT_TRUE(old->code == 410 || Events(old->body).size() == 1u);
}

TEST_F(SimApiServerTest, ARestoreGoesBack) {
  Create("a");
  const SimStore::Backup backup = server_.MakeBackup();
  const std::string version = Version();
  Create("b");
  server_.Restore(backup, absl::ZeroDuration());
  EXPECT_EQ(Version(), version);
  EXPECT_THAT(Names(Get("/api/v1/services")->body), ElementsAre("a"));
}

TEST_F(SimApiServerTest, AHostThatIsCutOffHearsLateOrNothing) {
  Create("a");
  auto watch = Get(WatchPath(Version()));
  server_.Cut("n1");
  Create("b");
  loop_.RunFor(absl::Seconds(5));
  EXPECT_EQ(watch->body, "");
  server_.Join("n1");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Events(watch->body), ElementsAre("ADDED b"));
  server_.Cut("n1");
  auto late = Send({.path = "/api/v1/services"});
  loop_.RunFor(absl::Seconds(11));
  EXPECT_EQ(watch->end->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(late->end->code(), absl::StatusCode::kUnavailable);
}

TEST_F(SimApiServerTest, ACancelledRequestIsHeardNoMore) {
  Create("a");
  auto response = Send({.path = "/api/v1/services"});
  client_->Cancel(id_);
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(response->code, 0);
  EXPECT_FALSE(response->end);
}

TEST_F(SimApiServerTest, FaultsComeFromThePlan) {
  Create("a");
  SimFaultPlan& plan = server_.faults();
  plan = {.too_many = 100};
  EXPECT_EQ(Get("/api/v1/services")->code, 429);
  plan = {.unavailable = 100};
  EXPECT_EQ(Get("/api/v1/services")->code, 503);
  plan = {.internal = 100};
  EXPECT_EQ(Get("/api/v1/services")->code, 500);
  plan = {.unauthorized = 100};
  EXPECT_EQ(Get("/api/v1/services")->code, 401);
  plan = {.torn = 100};
  auto torn = Get("/api/v1/services");
  EXPECT_EQ(torn->code, 200);
  EXPECT_EQ(torn->end->code(), absl::StatusCode::kUnavailable);
  plan = {.expired = 100};
  EXPECT_EQ(Get(WatchPath(Version()))->code, 410);
  plan = {.too_large = 100};
  EXPECT_EQ(Get(WatchPath(Version()))->code, 504);
  plan = {.lost_after = 100};
  EXPECT_EQ(
      PatchRequest("/api/v1/namespaces/d/services/a", R"({"spec":{"x":"y"}})")
          ->code,
      0);
  EXPECT_EQ(
      TextAt(*server_.store().Objects(kServices).at({"d", "a"}), "spec.x"),
      "y");
}

TEST_F(SimApiServerTest, LogsAndCountsRequests) {
  Create("a");
  for (int i = 0; i < 5; ++i) Get("/api/v1/services");
  PatchRequest("/api/v1/namespaces/d/services/a", "{}");
  const RequestLog& log = server_.log();
  EXPECT_EQ(log.CountPath("GET", "/api/v1/services"), 5u);
  EXPECT_EQ(log.Count([](const LoggedRequest& r) { return r.is_write(); }), 1u);
  const auto all = [](const LoggedRequest&) { return true; };
  EXPECT_EQ(log.MostWithin(absl::Milliseconds(10), all), 1u);
  EXPECT_EQ(log.MostWithin(absl::Minutes(1), all), 6u);
  EXPECT_THAT(log.ToString(),
              HasSubstr("PATCH /api/v1/namespaces/d/services/a 200\n"));
}

}  // namespace
}  // namespace lb::kubernetes
