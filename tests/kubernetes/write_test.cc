// Writers, events and a real API server.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/event_recorder.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/kubernetes/writer.h"
#include "tests/kubernetes/api_server_fixture.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;
using testing::ElementsAre;
using testing::HasSubstr;

const Resource kStatuses = {"metallb.io", "v1beta1", "servicel2statuses"};
constexpr char kServiceSpec[] =
    R"("spec":{"type":"LoadBalancer","ports":[{"port":80}]})";
constexpr char kPoolSpec[] = R"("spec":{"addresses":["192.0.2.0/28"]})";

std::string VersionOf(const YamlNode& object) {
  return std::string(TextAt(object, "metadata.resourceVersion"));
}

std::string IngressOf(const YamlNode& service) {
  const YamlNode* const ingress =
      NodeAt(service, "status.loadBalancer.ingress");
  if (ingress == nullptr || ingress->children.size() != 1) return "";
  return std::string(TextAt(ingress->children[0], "ip"));
}

WriteTarget StatusOf(const Resource& resource, const std::string& name) {
  return {resource, {kNamespace, name}, "status"};
}

class WriteTest : public ApiServerTest {
 protected:
  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped()) return;
    party_ = Connect();
    // Without a right a write is tried twice, and no test waits for its turn.
    writer_ = std::make_unique<Writer>(
        &loop_, party_.client.get(),
        WriterOptions{.burst = 1000, .refusals_max = 2}, prng_);
  }

  // Writes it, and waits for the report.
  WriteReport Write(WriteRequest request) {
    std::optional<WriteReport> report;
    request.on_report = [&](const WriteReport& one) { report = one; };
    writer_->Write(std::move(request));
    EXPECT_TRUE(Until([&] { return report.has_value(); }));
    return report.value_or(WriteReport{});
  }

  // Creates that many objects at once, and waits until each is done.
  void CreateMany(std::string_view prefix, int count) {
    int done = 0;
    for (int i = 0; i < count; ++i) {
      const std::string name = fmt::format("{}-{}", prefix, i);
      writer_->Write(
          {.verb = WriteVerb::kCreate,
           .target = {kStatuses, {kNamespace, name}, ""},
           .body = fmt::format(
               R"({{"apiVersion":"metallb.io/v1beta1",)"
               R"("kind":"ServiceL2Status","metadata":{{"name":"{}"}}}})",
               name),
           .on_report = [&](const WriteReport& report) {
             EXPECT_EQ(ToString(report.verdict), "Done") << report.error;
             ++done;
           }});
    }
    ASSERT_TRUE(Until([&] { return done == count; }));
  }

  Party party_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriteTest, AStatusPatchSetsTheIngressAndAnAnnotation) {
  const YamlNode created = Create(kServices, "ingress", kServiceSpec);
  const WriteReport set =
      Write({.target = StatusOf(kServices, "ingress"),
             .body = fmt::format(
                 R"({{"metadata":{{"resourceVersion":"{}","annotations":)"
                 R"({{"metallb.io/ip-allocated-from-pool":"first"}}}},)"
                 R"("status":{{"loadBalancer":)"
                 R"({{"ingress":[{{"ip":"192.0.2.1"}}]}}}}}})",
                 VersionOf(created))});
  EXPECT_EQ(set.verdict, WriteVerdict::kDone) << set.error;
  EXPECT_EQ(IngressOf(set.object), "192.0.2.1");

  const YamlNode service = Get(kServices, "ingress");
  EXPECT_EQ(IngressOf(service), "192.0.2.1");
  EXPECT_THAT(JsonText(service),
              HasSubstr(R"("metallb.io/ip-allocated-from-pool":"first")"));

  const WriteReport cleared =
      Write({.target = StatusOf(kServices, "ingress"),
             .body = fmt::format(
                 R"({{"metadata":{{"resourceVersion":"{}","annotations":)"
                 R"({{"metallb.io/ip-allocated-from-pool":null}}}},)"
                 R"("status":{{"loadBalancer":{{"ingress":null}}}}}})",
                 VersionOf(set.object))});
  EXPECT_EQ(cleared.verdict, WriteVerdict::kDone) << cleared.error;
  EXPECT_EQ(NodeAt(cleared.object, "status.loadBalancer.ingress"), nullptr);
  EXPECT_EQ(NodeAt(cleared.object, "metadata.annotations"), nullptr);
  Delete(kServices, "ingress");
}

TEST_F(WriteTest, AnOldVersionConflictsAndIsRebased) {
  const YamlNode created = Create(kServices, "rebased", kServiceSpec);
  Patch(kServices, "rebased", R"({"metadata":{"labels":{"other":"writer"}}})");
  int rebases = 0;
  const WriteReport report = Write(
      {.target = StatusOf(kServices, "rebased"),
       .body = IngressPatch(VersionOf(created), "192.0.2.2"),
       .rebase = [&](const YamlNode& fresh) -> std::optional<std::string> {
         ++rebases;
         EXPECT_THAT(JsonText(fresh), HasSubstr(R"("other":"writer")"));
         return IngressPatch(VersionOf(fresh), "192.0.2.3");
       }});
  EXPECT_EQ(report.verdict, WriteVerdict::kDone) << report.error;
  EXPECT_EQ(rebases, 1);
  EXPECT_EQ(IngressOf(report.object), "192.0.2.3");
  EXPECT_THAT(JsonText(report.object), HasSubstr(R"("other":"writer")"));
  EXPECT_THAT(writer_->last_error(), HasSubstr("409 Conflict"));

  // Without a rebase the conflict is the caller's.
  const WriteReport conflict =
      Write({.target = StatusOf(kServices, "rebased"),
             .body = IngressPatch(VersionOf(created), "192.0.2.2")});
  EXPECT_EQ(conflict.verdict, WriteVerdict::kConflict);
  EXPECT_EQ(IngressOf(Get(kServices, "rebased")), "192.0.2.3");
  Delete(kServices, "rebased");
}

TEST_F(WriteTest, AStatusPatchOfACustomResourceLeavesTheSpec) {
  Create(kPools, "counted", kPoolSpec);
  const WriteReport report =
      Write({.target = StatusOf(kPools, "counted"),
             .body = R"({"spec":{"autoAssign":false},"status":)"
                     R"({"assignedIPv4":1,"assignedIPv6":0,)"
                     R"("availableIPv4":15,"availableIPv6":0}})"});
  EXPECT_EQ(report.verdict, WriteVerdict::kDone) << report.error;
  EXPECT_EQ(TextAt(report.object, "status.availableIPv4"), "15");
  EXPECT_EQ(TextAt(report.object, "spec.autoAssign"), "true");
  Delete(kPools, "counted");
}

TEST_F(WriteTest, CreatesAndDeletesOnce) {
  const ObjectKey key = {kNamespace, "l2-abcde"};
  const std::string object =
      R"({"apiVersion":"metallb.io/v1beta1","kind":"ServiceL2Status",)"
      R"("metadata":{"name":"l2-abcde"}})";
  const auto create = [&] {
    return Write({.verb = WriteVerb::kCreate,
                  .target = {kStatuses, key, ""},
                  .body = object})
        .verdict;
  };
  const auto remove = [&] {
    return Write({.verb = WriteVerb::kDelete, .target = {kStatuses, key, ""}})
        .verdict;
  };
  EXPECT_EQ(create(), WriteVerdict::kDone);
  EXPECT_EQ(create(), WriteVerdict::kExists);
  const WriteReport status = Write(
      {.target = {kStatuses, key, ""}, .body = R"({"status":{"node":"n1"}})"});
  EXPECT_EQ(status.verdict, WriteVerdict::kDone) << status.error;
  EXPECT_EQ(TextAt(status.object, "status.node"), "n1");
  // A rule of the CustomResourceDefinition.
  const WriteReport other = Write(
      {.target = {kStatuses, key, ""}, .body = R"({"status":{"node":"n2"}})"});
  EXPECT_EQ(other.verdict, WriteVerdict::kRefused);
  EXPECT_THAT(other.error, HasSubstr("it does not change"));
  EXPECT_EQ(remove(), WriteVerdict::kDone);
  EXPECT_EQ(remove(), WriteVerdict::kGone);
}

TEST_F(WriteTest, WhatTheServerNeverTakesIsRefusedWithItsReason) {
  Create(kServices, "refused", kServiceSpec);
  const WriteReport invalid =
      Write({.target = StatusOf(kServices, "refused"),
             .body = R"({"status":{"loadBalancer":)"
                     R"({"ingress":[{"ip":"192.0.2.999"}]}}})"});
  EXPECT_EQ(invalid.verdict, WriteVerdict::kRefused);
  EXPECT_THAT(invalid.error, HasSubstr("422 Invalid"));
  EXPECT_THAT(invalid.error, HasSubstr("192.0.2.999"));

  const WriteReport forbidden =
      Write({.target = {kServices, {kNamespace, "refused"}, ""},
             .body = R"({"metadata":{"labels":{"a":"b"}}})"});
  EXPECT_EQ(forbidden.verdict, WriteVerdict::kRefused);
  EXPECT_THAT(forbidden.error, HasSubstr("403 Forbidden: services \"refused\" "
                                         "is forbidden: User "));

  const WriteReport gone =
      Write({.target = StatusOf(kServices, "never-there"), .body = "{}"});
  EXPECT_EQ(gone.verdict, WriteVerdict::kGone);
  Delete(kServices, "refused");
}

TEST_F(WriteTest, ManyWritesAtOnceAreAllDone) {
  CreateMany("many", 60);
  EXPECT_EQ(party_.connection->connections_made(), 1u);
}

// --goaway-chance, by which real clusters spread clients over servers.
TEST_F(WriteTest, AServerThatSendsClientsAwayGetsEachWriteOnce) {
  ASSERT_TRUE(plane().Run("stop apiserver KILL", kLimit));
  ASSERT_TRUE(plane().Run("start apiserver --goaway-chance=0.02", kStartLimit));
  CreateMany("away", 500);
  EXPECT_GT(party_.connection->connections_made(), 1u);
  ASSERT_TRUE(plane().Run("stop apiserver KILL", kLimit));
  ASSERT_TRUE(plane().Run("start apiserver", kStartLimit));
}

TEST_F(WriteTest, EventsThatRepeatBecomeASeries) {
  const YamlNode service = Create(kServices, "told", kServiceSpec);
  EventRecorder recorder(&loop_, writer_.get(),
                         {.controller = "lb.io/lbd",
                          .instance = "n1",
                          .series_interval = absl::Milliseconds(100)});
  const KubernetesEvent event = {
      .type = KubernetesEventType::kWarning,
      .reason = "AllocationFailed",
      .action = "Assign",
      .note = "pool first has no address left",
      .regarding = {"v1",
                    "Service",
                    {kNamespace, "told"},
                    std::string(TextAt(service, "metadata.uid"))}};
  const KubernetesEvent of_node = {.reason = "Draining",
                                   .note = "n1 gives its addresses up",
                                   .regarding = {"v1", "Node", {"", "n1"}, ""}};
  for (int i = 0; i < 3; ++i) recorder.Record(event);
  recorder.Record(of_node);

  // The field of the one event that this recorder wrote there.
  const auto told = [&](const std::string& name_space,
                        const std::string& field) {
    const Answer answer = Ask(
        "GET",
        fmt::format("/apis/events.k8s.io/v1/namespaces/{}/events", name_space));
    std::vector<std::string> texts;
    const YamlNode* const items = answer.object.Find("items");
    if (items == nullptr) return texts;
    for (const YamlNode& item : items->children) {
      if (TextAt(item, "reportingController") != "lb.io/lbd") continue;
      texts.emplace_back(TextAt(item, field));
    }
    return texts;
  };
  ASSERT_TRUE(Until([&] { return writer_->size() == 0; }));
  EXPECT_THAT(told("default", "regarding.name"), ElementsAre("n1"));
  EXPECT_THAT(told("default", "action"), ElementsAre("Draining"));
  loop_.RunUntil([] { return false; }, absl::Milliseconds(300));
  ASSERT_TRUE(Until([&] { return writer_->size() == 0; }));
  EXPECT_THAT(told(kNamespace, "series.count"), ElementsAre("3"));
  EXPECT_THAT(told(kNamespace, "reason"), ElementsAre("AllocationFailed"));
  EXPECT_THAT(told(kNamespace, "type"), ElementsAre("Warning"));
  EXPECT_THAT(told(kNamespace, "reportingInstance"), ElementsAre("n1"));
  EXPECT_EQ(recorder.stats().lost, 0u);
  Delete(kServices, "told");
}

}  // namespace
}  // namespace lb::kubernetes
