#include "lb/kubernetes/object_view.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

JsonObject Object(std::string_view name, std::string_view version,
                  std::string_view type = "LoadBalancer",
                  std::string_view uid = "u") {
  return {Json(fmt::format(
              R"({{"metadata":{{"name":"{}","namespace":"d","uid":"{}",)"
              R"("resourceVersion":"{}"}},"spec":{{"type":"{}"}}}})",
              name, uid, version, type)),
          absl::OkStatus()};
}

class ObjectViewTest : public testing::Test {
 protected:
  // "+a 1" set at version 1, "-a" deleted, "." listed.
  std::vector<std::string> Changes() {
    std::vector<std::string> texts;
    for (const Change& change : view_.TakeChanges()) {
      switch (change.kind) {
        case Change::Kind::kSet:
          texts.push_back(fmt::format("+{} {}", change.meta.key.name,
                                      change.meta.resource_version));
          break;
        case Change::Kind::kDeleted:
          texts.push_back(fmt::format("-{}", change.meta.key.name));
          break;
        case Change::Kind::kListed:
          texts.emplace_back(".");
          break;
      }
    }
    return texts;
  }

  ObjectView view_{{"spec.type", "LoadBalancer"}, 3};
};

TEST_F(ObjectViewTest, AListGivesEachObjectAndThenItsEnd) {
  view_.BeginListing();
  view_.AddListed(Object("a", "1"));
  view_.AddListed(Object("b", "2"));
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+b 2"));
  view_.EndListing();
  EXPECT_THAT(Changes(), ElementsAre("."));
}

TEST_F(ObjectViewTest, AListThatChangesNothingYieldsNothing) {
  for (int i = 0; i < 2; ++i) {
    view_.BeginListing();
    view_.AddListed(Object("a", "1"));
    view_.EndListing();
  }
  EXPECT_THAT(Changes(), ElementsAre("+a 1", ".", "."));
  EXPECT_EQ(view_.stats().repeated, 1u);
}

TEST_F(ObjectViewTest, ALaterListDeletesWhatItDoesNotName) {
  view_.BeginListing();
  view_.AddListed(Object("a", "1"));
  view_.AddListed(Object("b", "1"));
  view_.EndListing();
  view_.BeginListing();
  view_.AddListed(Object("b", "1"));
  view_.EndListing();
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+b 1", ".", "-a", "."));
}

// A list that breaks off begins again; the objects of both count as named by
// the second one only.
TEST_F(ObjectViewTest, AListThatBeganAgainCountsFromItsSecondBeginning) {
  view_.BeginListing();
  view_.AddListed(Object("a", "1"));
  view_.BeginListing();
  view_.AddListed(Object("b", "1"));
  view_.EndListing();
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+b 1", "-a", "."));
}

TEST_F(ObjectViewTest, AnEventIsPassedOnOnce) {
  view_.Set(Object("a", "1"));
  view_.Set(Object("a", "1"));
  view_.Set(Object("a", "2"));
  view_.Delete(Object("a", "3"));
  view_.Delete(Object("a", "3"));
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+a 2", "-a"));
}

// After a restore the server gives a version again, to another state.
TEST_F(ObjectViewTest, TheSameVersionWithOtherContentIsAChange) {
  view_.Set(Object("a", "1"));
  JsonObject other = Object("a", "1");
  SetText("spec.loadBalancerIP", "192.0.2.1", &other.tree);
  view_.Set(other);
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+a 1"));
}

TEST_F(ObjectViewTest, AnotherUidUnderTheSameNameIsAChange) {
  view_.Set(Object("a", "1"));
  view_.Set(Object("a", "1", "LoadBalancer", "u2"));
  const std::vector<Change> changes = view_.TakeChanges();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[1].meta.uid, "u2");
}

TEST_F(ObjectViewTest, SelectsOnlyWhenTheServerDoesNot) {
  view_.Set(Object("a", "1", "ClusterIP"));
  EXPECT_THAT(Changes(), ElementsAre("+a 1"));
  view_.SelectHere();
  // It was selected before, and is not any more: a deletion, as the server
  // would tell it.
  view_.Set(Object("a", "2", "ClusterIP"));
  view_.Set(Object("b", "3", "ClusterIP"));
  view_.Set(Object("c", "4"));
  EXPECT_THAT(Changes(), ElementsAre("-a", "+c 4"));
}

TEST_F(ObjectViewTest, LeavesOutWhatIsBeyondTheBound) {
  for (const std::string_view name : {"a", "b", "c", "d"}) {
    view_.Set(Object(name, "1"));
  }
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "+b 1", "+c 1"));
  EXPECT_EQ(view_.stats().left_out, 1u);
  EXPECT_EQ(view_.size(), 3u);
  // The known objects still change.
  view_.Set(Object("a", "2"));
  EXPECT_THAT(Changes(), ElementsAre("+a 2"));
}

TEST_F(ObjectViewTest, ARefusedObjectKeepsItsLastState) {
  view_.BeginListing();
  view_.AddListed(Object("a", "1"));
  view_.EndListing();
  Changes();
  JsonObject refused = Object("a", "2");
  refused.status = absl::ResourceExhaustedError("too deep");
  view_.BeginListing();
  view_.AddListed(refused);
  view_.EndListing();
  EXPECT_THAT(Changes(), ElementsAre("."));
  EXPECT_EQ(view_.refusal(), "d/a: too deep");
  EXPECT_EQ(view_.stats().refused, 1u);
  EXPECT_EQ(view_.size(), 1u);
}

TEST_F(ObjectViewTest, AnObjectWithoutAVersionIsRefused) {
  view_.BeginListing();
  view_.AddListed(Object("a", "1"));
  view_.EndListing();
  view_.BeginListing();
  view_.AddListed(Object("a", ""));
  view_.AddListed({Json("7"), absl::OkStatus()});
  view_.EndListing();
  EXPECT_THAT(Changes(), ElementsAre("+a 1", ".", "."));
  EXPECT_THAT(view_.refusal(), HasSubstr("metadata.name"));
}

TEST_F(ObjectViewTest, ADeletionNeedsTheNameAlone) {
  view_.Set(Object("a", "1"));
  JsonObject large = Object("a", "2");
  large.status = absl::ResourceExhaustedError("too deep");
  view_.Delete(large);
  EXPECT_THAT(Changes(), ElementsAre("+a 1", "-a"));
}

TEST_F(ObjectViewTest, TheLastStateOfADeletedObjectComesWithIt) {
  view_.Set(Object("a", "1"));
  view_.Delete(Object("a", "2"));
  const std::vector<Change> changes = view_.TakeChanges();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_NE(changes[1].object.Find("spec"), nullptr);
  EXPECT_THAT(Changes(), IsEmpty());
}

}  // namespace
}  // namespace lb::kubernetes
