// The objects of the API server as values: kinds, records, patches, events.
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/event_texts.h"
#include "daemon/kubernetes/pool_record.h"
#include "daemon/kubernetes/service_record.h"
#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/kinds.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::Change;
using kubernetes::Json;

Change ChangeOf(std::string_view json) {
  Change change;
  change.kind = Change::Kind::kSet;
  change.object = Json(json);
  change.meta = *kubernetes::ReadObjectMeta(change.object);
  return change;
}

ServiceRecord RecordOf(std::string_view json) {
  const Change change = ChangeOf(json);
  return ReadServiceRecord(change.meta, change.object);
}

std::string Service(std::string_view metadata, std::string_view rest) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"d","name":"web","uid":"u",)"
      R"("resourceVersion":"7"{}}},"spec":{{"type":"LoadBalancer"}}{}}})",
      metadata, rest);
}

ipam::AssignedAddress Held(const std::string& address,
                           const std::string& pool) {
  return {*net::ParseIpAddress(address), pool};
}

TEST(SourceKindsTest, EveryKindThatIsReadHasAResource) {
  std::set<std::string_view> followed;
  for (const SourceKind& kind : SourceKinds()) followed.insert(kind.kind);
  const auto& read = config::ReadKinds();
  EXPECT_EQ(followed, std::set<std::string_view>(read.begin(), read.end()));
  for (const SourceKind& kind : SourceKinds()) {
    EXPECT_TRUE(Validate(ReflectorOptionsOf(kind, "metallb-system")).ok());
  }
}

TEST(SourceKindsTest, AnObjectHasTheNameThatItsReaderGivesIt) {
  for (const SourceKind& kind : SourceKinds()) {
    const config::ObjectChange change =
        ReadChange(kind,
                   ChangeOf(R"({"metadata":{"namespace":"d","name":"x",)"
                            R"("resourceVersion":"1"}})"),
                   {});
    EXPECT_EQ(change.name, kind.NameOf({"d", "x"})) << kind.kind;
  }
}

TEST(SourceKindsTest, AFaultNamesTheObjectAndItsVersion) {
  const config::ObjectChange change = ReadChange(
      FindSourceKind("Service"),
      ChangeOf(R"({"metadata":{"namespace":"d","name":"web",)"
               R"("resourceVersion":"71523"},"spec":{"type":"LoadBalancer",)"
               R"("loadBalancerIP":"x"}})"),
      {});
  ASSERT_EQ(change.problems.size(), 1u);
  EXPECT_THAT(change.problems[0].ToString(),
              testing::StartsWith("Service/d/web (resourceVersion 71523): "
                                  "spec.loadBalancerIP: "));
}

// The server sends namespaces as PartialObjectMetadata.
TEST(SourceKindsTest, MetadataAloneIsAnObjectOfItsKind) {
  const config::ObjectChange change = ReadChange(
      FindSourceKind("Namespace"),
      ChangeOf(R"({"kind":"PartialObjectMetadata","apiVersion":)"
               R"("meta.k8s.io/v1","metadata":{"name":"d","labels":{"a":"b"},)"
               R"("resourceVersion":"1"}})"),
      {});
  EXPECT_TRUE(change.object.has_value());
  EXPECT_EQ(change.name, "Namespace/d");
}

TEST(SourceKindsTest, ADeletedObjectIsGone) {
  Change change;
  change.kind = Change::Kind::kDeleted;
  change.meta.key = {"d", "web"};
  const config::ObjectChange gone =
      ReadChange(FindSourceKind("Service"), change, {});
  EXPECT_TRUE(gone.is_gone);
  EXPECT_EQ(gone.name, "Service/d/web");
}

TEST(ServiceRecordTest, HasWhatTheStatusSays) {
  const ServiceRecord record = RecordOf(
      Service(R"(,"annotations":{"metallb.io/ip-allocated-from-pool":"a,b"})",
              R"(,"status":{"loadBalancer":{"ingress":[{"ip":"2001:db8::1"},)"
              R"({"ip":"192.0.2.1","ipMode":"VIP"}]}})"));
  EXPECT_EQ(record.name(), "d/web");
  EXPECT_TRUE(record.is_load_balancer);
  EXPECT_FALSE(record.has_others);
  ASSERT_EQ(record.addresses.size(), 2u);
  EXPECT_EQ(record.addresses[0].ToString(), "2001:db8::1");
  const auto assigned = record.Assigned();
  ASSERT_EQ(assigned.size(), 2u);
  EXPECT_EQ(assigned[0], Held("192.0.2.1", "b"));
  EXPECT_EQ(assigned[1], Held("2001:db8::1", "a"));
}

TEST(ServiceRecordTest, WhatIsNoAddressIsNotedAndNotTrusted) {
  for (const std::string_view ingress :
       {R"([{"hostname":"x.example"}])", R"([{"ip":"nonsense"}])",
        R"([{"ip":"192.0.2.1"},{"ip":"192.0.2.1"}])", R"(["192.0.2.1"])",
        R"([{"ip":{"a":1}}])", R"([null])"}) {
    SCOPED_TRACE(ingress);
    const ServiceRecord record = RecordOf(Service(
        "", fmt::format(R"(,"status":{{"loadBalancer":{{"ingress":{}}}}})",
                        ingress)));
    EXPECT_TRUE(record.has_others);
    EXPECT_LE(record.addresses.size(), 1u);
  }
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many += fmt::format(R"({}{{"ip":"192.0.2.{}"}})", i == 0 ? "" : ",", i);
  }
  EXPECT_EQ(RecordOf(Service("", fmt::format(R"(,"status":{{"loadBalancer":)"
                                             R"({{"ingress":[{}]}}}})",
                                             many)))
                .addresses.size(),
            ServiceRecord::kAddressesMax);
}

TEST(ServiceRecordTest, StatusesAndPoolsAreNoInputs) {
  const ServiceRecord before = RecordOf(Service(R"(,"labels":{"a":"b"})", ""));
  EXPECT_EQ(RecordOf(Service(R"(,"labels":{"a":"b"},"annotations":)"
                             R"({"metallb.io/ip-allocated-from-pool":"p"})",
                             R"(,"status":{"loadBalancer":{}})"))
                .inputs,
            before.inputs);
  EXPECT_NE(RecordOf(Service(R"(,"labels":{"a":"c"})", "")).inputs,
            before.inputs);
  EXPECT_NE(RecordOf(Service(R"(,"annotations":{"a":"b"})", "")).inputs,
            before.inputs);
}

TEST(StatusPatchTest, HasAddressesAndPoolsInOnePatchOfOneVersion) {
  EXPECT_EQ(
      StatusPatch("7", {{Held("192.0.2.1", "a"), Held("2001:db8::1", "b")}}),
      R"({"metadata":{"resourceVersion":"7","annotations":)"
      R"({"metallb.io/ip-allocated-from-pool":"a,b"}},)"
      R"("status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},)"
      R"({"ip":"2001:db8::1"}]}}})");
  EXPECT_EQ(StatusPatch("7", {}),
            R"({"metadata":{"resourceVersion":"7","annotations":)"
            R"({"metallb.io/ip-allocated-from-pool":null}},)"
            R"("status":{"loadBalancer":{"ingress":null}}})");
}

// What is written is read back as it was.
TEST(StatusPatchTest, SaysWhatItWasMadeOf) {
  const std::vector<ipam::Assignment> assignments = {
      {},
      {{Held("192.0.2.1", "a")}},
      {{Held("192.0.2.1", "a"), Held("2001:db8::1", "a")}},
      {{Held("192.0.2.1", "a"), Held("2001:db8::1", "b")}}};
  for (const ipam::Assignment& written : assignments) {
    YamlNode object = Json(Service("", ""));
    kubernetes::MergePatch(Json(StatusPatch("7", written)), &object);
    const ServiceRecord record = RecordOf(kubernetes::JsonText(object));
    for (const ipam::Assignment& other : assignments) {
      EXPECT_EQ(Says(record, other), other == written);
    }
    if (!written.addresses.empty()) {
      EXPECT_EQ(record.Assigned(), written.addresses);
    }
  }
}

TEST(PoolRecordTest, CountsAreReadBackAsTheyWereWritten) {
  const PoolCounts counts = {1, 2, 3, std::numeric_limits<int64_t>::max()};
  YamlNode object = Json(
      R"({"metadata":{"name":"a","namespace":"m","resourceVersion":"1"}})");
  const kubernetes::ObjectMeta meta = *kubernetes::ReadObjectMeta(object);
  EXPECT_EQ(ReadPoolRecord(meta, object).counts, std::nullopt);
  kubernetes::MergePatch(Json(PoolStatusPatch(counts)), &object);
  EXPECT_EQ(ReadPoolRecord(meta, object).counts, counts);
}

TEST(PoolRecordTest, CountsOfLargePoolsAreTheGreatestNumber) {
  ipam::PoolUsage usage;
  usage.total_ipv4 = 10;
  usage.used_ipv4 = 3;
  usage.taken_ipv4 = 2;
  usage.total_ipv6 = absl::Uint128Max();
  usage.used_ipv6 = 1;
  EXPECT_EQ(CountsOf(usage),
            (PoolCounts{3, 1, 5, std::numeric_limits<int64_t>::max()}));
}

TEST(EventTextsTest, AProblemRegardsItsObject) {
  const config::Problem problem = {.origin = config::Origin::OfKubernetes("9"),
                                   .object = "IPAddressPool/a",
                                   .field = "spec.addresses[0]",
                                   .message = "\"x\", want a range"};
  const auto event = EventOf(problem, kConfigurationError, "metal", "uid");
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->reason, "ConfigurationError");
  EXPECT_EQ(event->note, "spec.addresses[0]: \"x\", want a range");
  EXPECT_EQ(event->regarding.api_version, "metallb.io/v1beta1");
  EXPECT_EQ(event->regarding.key.ToString(), "metal/a");
  EXPECT_EQ(event->regarding.uid, "uid");
  EXPECT_FALSE(EventOf({.object = "Service"}, "x", "m", "").has_value());
  EXPECT_FALSE(EventOf({.object = "yaml"}, "x", "m", "").has_value());
}

TEST(EventTextsTest, AServicesReasonIsMetallbs) {
  config::Problem problem = {.object = "Service/d/web", .message = "m"};
  EXPECT_EQ(EventOf(problem, kConfigurationError, "m", "")->reason,
            "AllocationFailed");
  problem.reason = "nolbIPsIPFamily";
  EXPECT_EQ(EventOf(problem, kConfigurationError, "m", "")->reason,
            "nolbIPsIPFamily");
}

}  // namespace
}  // namespace lb
