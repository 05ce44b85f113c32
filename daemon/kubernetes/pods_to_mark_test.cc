#include "daemon/kubernetes/pods_to_mark.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/object_meta.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

config::YamlNode Tree(std::string_view json) {
  return *kubernetes::ReadJson(json);
}

PodFact Pod(const std::string& name, const std::string& ready = "True") {
  const config::YamlNode object = Tree(fmt::format(
      R"({{"metadata":{{"namespace":"d","name":"{}","uid":"u-{}",)"
      R"("resourceVersion":"7"}},"status":{{"conditions":[)"
      R"({{"type":"PodScheduled","status":"True"}},)"
      R"({{"type":"Ready","status":"{}","observedGeneration":1,)"
      R"("lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}})"
      R"(]}}}})",
      name, name, ready));
  return ReadPodFact(*kubernetes::ReadObjectMeta(object), object);
}

// Each endpoint is "pod@node", "pod@node!" if it is not ready, "@" of none.
SliceFact Slice(const std::string& service,
                const std::vector<std::string>& endpoints) {
  std::string items;
  for (const std::string& text : endpoints) {
    const bool is_ready = !text.ends_with('!');
    const std::string where = text.substr(0, text.size() - (is_ready ? 0 : 1));
    const size_t at = where.find('@');
    items += fmt::format(R"({}{{"addresses":["10.0.0.1"]{},"nodeName":"{}",)"
                         R"("targetRef":{{"kind":"Pod","name":"{}"}}}})",
                         items.empty() ? "" : ",",
                         is_ready ? "" : R"(,"conditions":{"ready":false})",
                         where.substr(at + 1), where.substr(0, at));
  }
  const config::YamlNode object = Tree(fmt::format(
      R"({{"metadata":{{"namespace":"d","name":"{}-1","resourceVersion":"1",)"
      R"("labels":{{"kubernetes.io/service-name":"{}"}}}},)"
      R"("endpoints":[{}]}})",
      service, service, items));
  return ReadSliceFact(*kubernetes::ReadObjectMeta(object), object);
}

std::vector<std::string> Marked(const MarkPlan& plan) {
  std::vector<std::string> names;
  for (const PodFact& pod : plan.pods) names.push_back(pod.meta.key.name);
  return names;
}

TEST(PlanMarksTest, MarksEndpointsThatHaveOthersElsewhere) {
  const MarkPlan plan = PlanMarks(
      "n3", {Pod("a3"), Pod("b3"), Pod("job")},
      {Slice("a", {"a1@n1", "a3@n3"}), Slice("b", {"b3@n3", "b2@n2"})}, {});
  EXPECT_THAT(Marked(plan), ElementsAre("a3", "b3"));
  EXPECT_THAT(plan.left, IsEmpty());
}

TEST(PlanMarksTest, TheLastReadyEndpointStays) {
  for (const auto& other :
       {std::vector<std::string>{}, {"a1@n1!"}, {"a1@n3"}, {"a1@n2"}}) {
    std::vector<std::string> endpoints = {"a3@n3"};
    endpoints.insert(endpoints.end(), other.begin(), other.end());
    const MarkPlan plan =
        PlanMarks("n3", {Pod("a3")}, {Slice("a", endpoints)}, {"n2"});
    EXPECT_THAT(Marked(plan), IsEmpty());
    EXPECT_THAT(plan.left, ElementsAre("d/a"));
  }
}

TEST(PlanMarksTest, APodThatIsTheLastOfOneOfItsServicesStays) {
  const MarkPlan plan = PlanMarks(
      "n3", {Pod("p"), Pod("q")},
      {Slice("all", {"p@n3", "q@n3", "r@n1"}), Slice("one", {"p@n3"})}, {});
  EXPECT_THAT(Marked(plan), ElementsAre("q"));
  EXPECT_THAT(plan.left, ElementsAre("d/one"));
}

TEST(PlanMarksTest, SlicesOfOneServiceCountTogether) {
  const MarkPlan plan = PlanMarks(
      "n3", {Pod("p")}, {Slice("a", {"p@n3"}), Slice("a", {"r@n1"})}, {});
  EXPECT_THAT(Marked(plan), ElementsAre("p"));
}

TEST(PlanMarksTest, WhatIsNotReadyIsLeft) {
  const MarkPlan plan =
      PlanMarks("n3", {Pod("p", "False"), Pod("q"), Pod("r", "Unknown")},
                {Slice("a", {"p@n3!", "q@n3!", "r@n3", "s@n1"})}, {});
  EXPECT_THAT(Marked(plan), IsEmpty());
}

TEST(MarkPatchTest, SetsReadyAndKeepsAllElse) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_EQ(
      MarkPatch(Pod("p"), "n3 is dead", now),
      R"({"metadata":{"uid":"u-p","resourceVersion":"7"},)"
      R"("status":{"conditions":[{"type":"PodScheduled","status":"True"},)"
      R"({"type":"Ready","observedGeneration":1,"lastProbeTime":null,)"
      R"("status":"False","reason":"NodeLostToLbd","message":"n3 is dead",)"
      R"("lastTransitionTime":"2027-01-15T08:00:00Z"}]}})");
}

TEST(MarkPatchTest, AfterAConflictOnlyTheSamePodThatIsReadyIsMarked) {
  const auto fresh = [](std::string_view uid, std::string_view ready) {
    return Tree(
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"p","uid":"{}",)"
                    R"("resourceVersion":"9"}},"status":{{"conditions":[)"
                    R"({{"type":"Ready","status":"{}"}}]}}}})",
                    uid, ready));
  };
  const absl::Time now = absl::UnixEpoch();
  const auto patch = RebasedMark(Pod("p"), fresh("u-p", "True"), "dead", now);
  ASSERT_TRUE(patch.has_value());
  EXPECT_NE(patch->find(R"("resourceVersion":"9")"), patch->npos);
  EXPECT_FALSE(RebasedMark(Pod("p"), fresh("u-p", "False"), "dead", now));
  EXPECT_FALSE(RebasedMark(Pod("p"), fresh("other", "True"), "dead", now));
}

TEST(ReadPodFactTest, AnythingIsRead) {
  for (const char* text :
       {"{}", R"({"status":7})", R"({"status":{"conditions":{}}})",
        R"({"status":{"conditions":[7,{"type":"Ready"}]}})"}) {
    EXPECT_FALSE(ReadPodFact({}, Tree(text)).is_ready) << text;
  }
  for (const char* text :
       {"{}", R"({"endpoints":7})", R"({"endpoints":[7]})"}) {
    ReadSliceFact({}, Tree(text));
  }
}

}  // namespace
}  // namespace lb
