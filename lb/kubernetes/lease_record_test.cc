#include "lb/kubernetes/lease_record.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

config::YamlNode Lease(std::string_view spec) {
  return Json(fmt::format(
      R"({{"metadata":{{"namespace":"s","name":"l","resourceVersion":"7"}},)"
      R"("spec":{}}})",
      spec));
}

TEST(LeaseRecordTest, WhatIsWrittenIsRead) {
  const LeaseRecord record = {.holder = "n1",
                              .duration = absl::Seconds(5),
                              .acquire_time = "2026-01-01T00:00:00.000000Z",
                              .renew_time = "2026-01-01T00:00:09.000001Z",
                              .transitions = 3,
                              .resource_version = "7"};
  config::YamlNode object = Json(NewLease({"s", "l"}, record));
  EXPECT_EQ(object.Find("kind")->text, "Lease");
  MergePatch(Json(LeasePatch(record)), &object);
  const absl::StatusOr<LeaseRecord> read = ReadLease(object);
  ASSERT_THAT(read, IsOk());
  EXPECT_TRUE(read->IsSameAs(record)) << JsonText(object);
  EXPECT_EQ(read->resource_version, "7");
}

TEST(LeaseRecordTest, AbsentFieldsAreEmpty) {
  const absl::StatusOr<LeaseRecord> record = ReadLease(Lease("{}"));
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->holder, "");
  EXPECT_EQ(record->duration, absl::Seconds(1));
  EXPECT_EQ(record->transitions, 0);
}

TEST(LeaseRecordTest, RefusesADurationThatIsNone) {
  for (const std::string_view seconds :
       {"0", "-1", "\"x\"", "1.5", "86401", "1e30"}) {
    SCOPED_TRACE(seconds);
    EXPECT_THAT(ReadLease(Lease(
                    fmt::format(R"({{"leaseDurationSeconds":{}}})", seconds))),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("leaseDurationSeconds")));
  }
}

TEST(LeaseRecordTest, TheVersionIsNoChangeOfTheHolder) {
  LeaseRecord a = {.holder = "n1", .resource_version = "1"};
  LeaseRecord b = a;
  b.resource_version = "2";
  EXPECT_TRUE(a.IsSameAs(b));
  b.renew_time = "x";
  EXPECT_FALSE(a.IsSameAs(b));
}

}  // namespace
}  // namespace lb::kubernetes
