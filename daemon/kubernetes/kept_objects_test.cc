// The kept objects as bytes.
#include "daemon/kubernetes/kept_objects.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/testing/json_edit.h"

namespace lb {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr char kOwner[] = "node n1, API server 192.0.2.1:6443, namespace m";

struct Example {
  std::string_view kind;
  std::string_view json;
};

// With what the API server adds to each object.
constexpr Example kExamples[] = {
    {"IPAddressPool",
     R"({"metadata":{"namespace":"m","name":"a","generation":3,)"
     R"("resourceVersion":"1","uid":"u","labels":{"zone":"a\nb"}},)"
     R"("spec":{"addresses":["192.0.2.0/28"],"autoAssign":false},)"
     R"("status":{"assignedIPv4":7}})"},
    {"L2Advertisement",
     R"({"metadata":{"namespace":"m","name":"l","resourceVersion":"1"},)"
     R"("spec":{"ipAddressPools":["a"],"nodeSelectors":)"
     R"([{"matchLabels":{"kubernetes.io/hostname":"n1"}}]}})"},
    {"Service",
     R"({"metadata":{"namespace":"d","name":"web","resourceVersion":"1",)"
     R"("annotations":{"kubectl.kubernetes.io/last-applied-configuration":)"
     R"("long","metallb.io/address-pool":"a"}},"spec":{"type":"LoadBalancer",)"
     R"("externalTrafficPolicy":"Local","selector":{"app":"web"},)"
     R"("ports":[{"port":80,"protocol":"UDP"}]},)"
     R"("status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}})"},
    {"EndpointSlice",
     R"({"metadata":{"namespace":"d","name":"web-x","resourceVersion":"1",)"
     R"("labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",)"
     R"("endpoints":[{"addresses":["10.0.0.1"],"nodeName":"n1",)"
     R"("conditions":{"ready":false,"serving":true}}]})"},
    {"Node",
     R"({"metadata":{"name":"n1","resourceVersion":"1","labels":{"a":"1"}},)"
     R"("spec":{"podCIDR":"10.0.0.0/24","unschedulable":true,)"
     R"("taints":[{"key":"a/b","effect":"NoExecute",)"
     R"("timeAdded":"2026-01-01T00:00:00Z"}]},)"
     R"("status":{"images":[{"names":["x"]}],)"
     R"("addresses":[{"type":"InternalIP","address":"192.0.2.2"}],)"
     R"("conditions":[{"type":"NetworkUnavailable","status":"True",)"
     R"("lastHeartbeatTime":"2026-01-01T00:00:00Z"}]}})"},
    {"Namespace",
     R"({"metadata":{"name":"d","resourceVersion":"1","labels":{"x":"y"}}})"},
};

config::Object ObjectOf(const Example& example) {
  kubernetes::Change change;
  change.kind = kubernetes::Change::Kind::kSet;
  change.object = kubernetes::Json(example.json);
  change.meta = *kubernetes::ReadObjectMeta(change.object);
  return *ReadChange(FindSourceKind(example.kind), change, {}).object;
}

config::Objects AllExamples() {
  config::Objects objects;
  for (const Example& example : kExamples) {
    config::Object object = ObjectOf(example);
    objects[object.name] = std::move(object);
  }
  return objects;
}

std::set<std::string> NamesOf(const config::Objects& objects) {
  std::set<std::string> names;
  for (const auto& [name, object] : objects) names.insert(name);
  return names;
}

config::Desired DesiredOf(const config::Objects& objects) {
  config::Desired desired;
  desired.objects = objects;
  return desired;
}

KeptHeader Header() {
  KeptHeader header = {.owner = kOwner,
                       .as_of = absl::FromUnixSeconds(1'000'000'000)};
  header.parts.set(0).set(63);
  header.pods = {*net::ParseIpAddress("192.0.2.2"),
                 *net::ParseIpAddress("2001:db8::1")};
  return header;
}

TEST(KeptObjectsTest, EveryKindIsReadAsItWas) {
  const config::Objects before = AllExamples();
  const KeptPart part =
      SerializeKeptPart(kOwner, NamesOf(before), DesiredOf(before));
  EXPECT_EQ(part.left_out, 0u);
  config::Objects after;
  ASSERT_THAT(ParseKeptPart(part.body, kOwner, {}, &after), IsOk());
  ASSERT_EQ(NamesOf(after), NamesOf(before));
  for (const auto& [name, object] : before) {
    EXPECT_EQ(after[name].value, object.value) << name;
    EXPECT_EQ(after[name].text, object.text) << name;
  }
  const KeptPart again =
      SerializeKeptPart(kOwner, NamesOf(after), DesiredOf(after));
  EXPECT_EQ(again.body, part.body);
}

TEST(KeptObjectsTest, AHeartbeatOrAStatusChangesNoText) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"\"resourceVersion\":\"1\"", "\"resourceVersion\":\"2\""},
      {"2026-01-01", "2026-02-02"},
      {"assignedIPv4\":7", "assignedIPv4\":8"},
      {"[{\"names\":[\"x\"]}]", "[]"},
      {"[{\"ip\":\"192.0.2.1\"}]", "[]"},
      {"\"long\"", "\"longer\""}};
  for (const Example& example : kExamples) {
    std::string json(example.json);
    for (const auto& [before, now] : changes) {
      const size_t at = json.find(before);
      if (at != std::string::npos) json.replace(at, before.size(), now);
    }
    EXPECT_NE(json, example.json);
    EXPECT_EQ(ObjectOf({example.kind, json}).text, ObjectOf(example).text);
  }
}

TEST(KeptObjectsTest, AnObjectThatIsTooLongIsLeftOutAndCounted) {
  config::Objects objects = AllExamples();
  objects["Node/n1"].text.append(kKeptTextBytesMax, ' ');
  const KeptPart part =
      SerializeKeptPart(kOwner, NamesOf(objects), DesiredOf(objects));
  EXPECT_EQ(part.left_out, 1u);
  config::Objects after;
  ASSERT_THAT(ParseKeptPart(part.body, kOwner, {}, &after), IsOk());
  EXPECT_THAT(after, SizeIs(std::size(kExamples) - 1));
  EXPECT_FALSE(after.contains("Node/n1"));
}

TEST(KeptObjectsTest, AServiceOfAnotherClassIsLeftOut) {
  const config::Objects before = AllExamples();
  const KeptPart part =
      SerializeKeptPart(kOwner, NamesOf(before), DesiredOf(before));
  config::Objects after;
  ASSERT_THAT(
      ParseKeptPart(part.body, kOwner, {.load_balancer_class = "x/y"}, &after),
      IsOk());
  EXPECT_FALSE(after.contains("Service/d/web"));
}

TEST(KeptObjectsTest, AnotherOwnersPartIsRefusedByName) {
  const KeptPart part = SerializeKeptPart("node n2", {}, {});
  config::Objects objects;
  EXPECT_THAT(ParseKeptPart(part.body, kOwner, {}, &objects),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("kept for \"node n2\", want \"node n1, API")));
}

TEST(KeptObjectsTest, APartThatIsCutIsRefusedOrHasWholeObjects) {
  const config::Objects before = AllExamples();
  const std::string body =
      SerializeKeptPart(kOwner, NamesOf(before), DesiredOf(before)).body;
  for (size_t size = 0; size < body.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    config::Objects after;
    const absl::Status status =
        ParseKeptPart(body.substr(0, size), kOwner, {}, &after);
    const bool is_whole = size > 0 && body[size - 1] == '\n';
    EXPECT_EQ(status.ok(), is_whole) << status;
    for (const auto& [name, object] : after) {
      EXPECT_EQ(object.value, before.at(name).value);
    }
  }
}

TEST(KeptHeaderTest, IsReadAsItWasWritten) {
  const KeptHeader header = Header();
  const auto read = ParseKeptHeader(SerializeKeptHeader(header), kOwner);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, header);
}

TEST(KeptHeaderTest, EveryTruncationIsRefused) {
  const std::string text = SerializeKeptHeader(Header());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ParseKeptHeader(text.substr(0, size), kOwner),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
  }
}

TEST(KeptHeaderTest, AFieldThatIsDamagedIsNamed) {
  const std::string text = SerializeKeptHeader(Header());
  const std::vector<std::vector<std::string>> changes = {
      {"2001-09-09T", "2001-9T", "asOf: damaged"},
      {"\"parts\":\"1", "\"parts\":\"2", "parts: damaged"},
      {"\"parts\":\"1", "\"parts\":\"", "parts: damaged"},
      {"192.0.2.2", "192.0.2", "pods: damaged"},
      {"\"pods\"", "\"pod\"", "pods: damaged"},
      {"node n1", "node n2", "kept for \"node n2, API"}};
  for (const auto& change : changes) {
    std::string damaged = text;
    damaged.replace(text.find(change[0]), change[0].size(), change[1]);
    EXPECT_THAT(ParseKeptHeader(damaged, kOwner),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(change[2])));
  }
}

TEST(KeptPartTest, NamesAreSpreadOverAllParts) {
  std::set<size_t> parts;
  for (int i = 0; i < 1000; ++i) {
    parts.insert(KeptPartOf(fmt::format("Service/default/web-{}", i)));
  }
  EXPECT_THAT(parts, SizeIs(kKeptParts));
  EXPECT_LT(*parts.rbegin(), kKeptParts);
}

}  // namespace
}  // namespace lb
