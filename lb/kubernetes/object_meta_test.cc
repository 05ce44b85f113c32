#include "lb/kubernetes/object_meta.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/testing/json_edit.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

TEST(ReadObjectMetaTest, ReadsWhatNamesTheObject) {
  const absl::StatusOr<ObjectMeta> meta = ReadObjectMeta(
      Json(R"({"metadata":{"namespace":"default","name":"web","uid":"u",)"
           R"("resourceVersion":"7"}})"));
  ASSERT_THAT(meta, IsOk());
  EXPECT_EQ(meta->key, (ObjectKey{"default", "web"}));
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version, "7");
}

TEST(ReadObjectMetaTest, RefusesAnObjectWithoutNameOrVersion) {
  EXPECT_THAT(
      ReadObjectMeta(Json("{}")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("metadata.name")));
  EXPECT_THAT(ReadObjectMeta(Json("[]")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      ReadObjectMeta(Json(R"({"metadata":{"name":"n","namespace":"s"}})")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("s/n: metadata.resourceVersion")));
  EXPECT_THAT(ReadObjectMeta(Json(R"({"metadata":{"name":["n"]}})")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IsOlderVersionTest, ComparesDecimalNumbersOnly) {
  EXPECT_TRUE(IsOlderVersion("99", "100"));
  EXPECT_FALSE(IsOlderVersion("100", "100"));
  EXPECT_FALSE(IsOlderVersion("101", "100"));
  EXPECT_FALSE(IsOlderVersion("a", "b"));
  EXPECT_FALSE(IsOlderVersion("", "100"));
  EXPECT_FALSE(IsOlderVersion("1", ""));
  // Beyond 64 bits it is no number.
  EXPECT_FALSE(IsOlderVersion("1", "99999999999999999999999"));
}

TEST(TreePathTest, FindsValuesByPath) {
  const config::YamlNode tree = Json(R"({"a":{"b":{"c":"x"},"d":[1]}})");
  EXPECT_EQ(TextAt(tree, "a.b.c"), "x");
  EXPECT_EQ(TextAt(tree, "a.b"), "");
  EXPECT_EQ(TextAt(tree, "a.x.c"), "");
  EXPECT_EQ(TextAt(tree, "a.d.0"), "");
  EXPECT_EQ(NodeAt(tree, ""), &tree);
  EXPECT_NE(NodeAt(tree, "a.d"), nullptr);
  EXPECT_EQ(NodeAt(tree, "a.e"), nullptr);
}

TEST(FieldSelectorTest, AnAbsentFieldIsAnEmptyText) {
  const config::YamlNode service = Json(R"({"spec":{"type":"ClusterIP"}})");
  EXPECT_TRUE(FieldSelector().Matches(service));
  EXPECT_TRUE((FieldSelector{"spec.type", "ClusterIP"}).Matches(service));
  EXPECT_FALSE((FieldSelector{"spec.type", "LoadBalancer"}).Matches(service));
  EXPECT_FALSE((FieldSelector{"spec.none", "x"}).Matches(service));
  EXPECT_TRUE((FieldSelector{"spec.none", ""}).Matches(service));
}

}  // namespace
}  // namespace lb::kubernetes
