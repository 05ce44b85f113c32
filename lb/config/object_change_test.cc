#include "lb/config/object_change.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/change_of.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kService = "apiVersion: v1\nkind: Service\nmetadata: ";
const std::string kPool =
    "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: ";

// One object of each kind, good and with faults and notices.
const std::string kTexts[] = {
    kPool + "{name: p}\nspec: {addresses: [10.0.0.0/24]}\n",
    kPool + "{name: p}\nspec: {addresses: [10.0.0.0/33], auto: x}\n",
    kPool + "{name: P_}\nspec: {addresses: [10.0.0.0/24]}\n",
    ("apiVersion: metallb.io/v1\nkind: IPAddressPool\nmetadata: {name: "
     "p}\nspec: {addresses: [10.0.0.0/24]}\n"),
    ("apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: "
     "a}\nspec: {ipAddressPools: [p], interfaces: [eth0]}\n"),
    kService + "{name: s}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n",
    kService +
        "{name: s, namespace: n, annotations: "
        "{metallb.universe.tf/address-pool: p}}\nspec: {type: "
        "LoadBalancer}\n",
    kService + "{name: s, namespace: n}\nspec: {type: ClusterIP}\n",
    kService +
        "{name: s, namespace: n}\nspec: {type: LoadBalancer, "
        "loadBalancerClass: other}\n",
    kService +
        "{name: s, namespace: n}\nspec: {type: LoadBalancer, "
        "loadBalancerIP: 10.0.0.300}\n",
    ("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: "
     "e, "
     "labels: {kubernetes.io/service-name: s}}\nendpoints: [{nodeName: n1}]\n"),
    ("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: "
     "e}\nendpoints: []\n"),
    "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {a: b}}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: n, labels: {a: b}}\n"};

// Without where they stand.
std::vector<Problem> WithoutOrigins(std::vector<Problem> problems) {
  for (Problem& problem : problems) problem.origin = {};
  return problems;
}

TEST(ReadObjectTest, ReadsWhatAFileWithTheObjectSays) {
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(text);
    Manifests manifests;
    ParseManifests("f.yaml", text, {}, &manifests);
    const ObjectChange change = ChangeOf(text, "7");
    EXPECT_FALSE(change.is_gone);
    EXPECT_EQ(WithoutOrigins(change.problems),
              WithoutOrigins(manifests.problems));
    EXPECT_EQ(WithoutOrigins(change.notices),
              WithoutOrigins(manifests.notices));
    EXPECT_EQ(change.is_passed_over(), !manifests.passed_over.empty());
    EXPECT_EQ(change.other_class.empty(), manifests.other_class.empty());
    ASSERT_EQ(change.object.has_value(), !manifests.objects.empty());
    if (!change.object) continue;
    const Object& read = manifests.objects[0];
    EXPECT_EQ(change.name, read.name);
    EXPECT_EQ(change.object->name, read.name);
    EXPECT_TRUE(change.object->value == read.value);
    EXPECT_EQ(change.object->text, read.text);
    EXPECT_EQ(change.object->origin, Origin::OfKubernetes("7"));
    EXPECT_THAT(change.object->field_lines, IsEmpty());
  }
}

TEST(ReadObjectTest, ProblemsHaveTheResourceVersion) {
  const ObjectChange change =
      ChangeOf(kService +
                   "{name: s, namespace: n}\nspec: {type: LoadBalancer, "
                   "loadBalancerIP: 10.0.0.300}\n",
               "71523");
  EXPECT_EQ(change.name, "Service/n/s");
  EXPECT_FALSE(change.object);
  EXPECT_THAT(ToText(change.problems),
              testing::StartsWith("Service/n/s (resourceVersion 71523): "
                                  "spec.loadBalancerIP: "));
}

TEST(ReadObjectTest, AnObjectOfAFileKeepsItsLines) {
  Manifests manifests;
  const std::string text =
      kPool + "{name: p}\nspec:\n  addresses: [10.0.0.0/24]\n";
  absl::StatusOr<ObjectChange> change = absl::UnknownError("");
  ASSERT_FALSE(ForEachYamlDocument(text, [&](const YamlNode& root) {
                 change = ReadObject(root, Origin("f.yaml", 0), {});
               }).has_value());
  ASSERT_THAT(change, IsOk());
  ParseManifests("f.yaml", text, {}, &manifests);
  EXPECT_EQ(*change->object, manifests.objects.at(0));
}

struct Unknown {
  std::string text;
  std::string error;
};

TEST(ReadObjectTest, RefusesATreeOfWhichItIsNotKnownWhichObjectItIs) {
  const Unknown kUnknown[] = {
      {"[a]", "a list, want a Kubernetes object"},
      {"{apiVersion: v1, metadata: {name: s}}",
       "kind: \"\" of \"v1\", want one of IPAddressPool, "},
      {"{apiVersion: v1, kind: Lease, metadata: {name: s}}",
       "kind: \"Lease\" of \"v1\", want one of "},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: s}}",
       "kind: \"ConfigMap\" of \"v1\", want one of "},
      {"{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: "
       "s}}",
       "kind: \"Service\" of \"serving.knative.dev/v1\", want one of "},
      {"{apiVersion: v1, kind: Servic, metadata: {name: s}}",
       "kind: \"Servic\" of "},
      {"{apiVersion: v1, kind: ServiceList, items: []}",
       "kind: \"ServiceList\" of "},
      {"{apiVersion: v1, kind: [Service], metadata: {name: s}}",
       "kind: \"\" of "},
      {"{apiVersion: v1, kind: Service}",
       "Service: metadata.name: missing, want the object's name"},
      {"{apiVersion: v1, kind: Service, metadata: {name: [s]}}",
       "Service: metadata.name: missing"},
      {"{apiVersion: v1, kind: Service, metadata: {name: ''}}",
       "Service: metadata.name: missing"}};
  for (const Unknown& c : kUnknown) {
    EXPECT_THAT(
        TryChangeOf(c.text, "1"),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.error)))
        << c.text;
  }
}

TEST(ReadObjectTest, ReadsServicesOfTheClassThatIsOurs) {
  const std::string text =
      kService +
      "{name: s}\nspec: {type: LoadBalancer, loadBalancerClass: x}\n";
  EXPECT_TRUE((*TryChangeOf(text, "1", {.load_balancer_class = "x"})).object);
  EXPECT_EQ((*TryChangeOf(text, "1")).other_class, "x");
}

// Else one object could fill the list of all problems.
TEST(ReadObjectTest, ListsSoManyProblemsOfOneObjectAndCountsTheOthers) {
  std::string text = kPool + "{name: p";
  const size_t count = kProblemsPerObjectMax + 7;
  std::string addresses, labels;
  for (size_t i = 0; i < count; ++i) {
    addresses += "x, ";
    labels += "'_" + std::to_string(i) + "': a, ";
  }
  const ObjectChange change =
      ChangeOf(text + ", labels: {" + labels + "}}\nspec: {addresses: [" +
               addresses + "]}\n");
  ASSERT_THAT(change.problems, SizeIs(kProblemsPerObjectMax + 1));
  EXPECT_EQ(change.problems.back().ToString(),
            "IPAddressPool/p (resourceVersion 1): 7 more faults are not shown");
  ASSERT_THAT(change.notices, SizeIs(kProblemsPerObjectMax + 1));
  EXPECT_EQ(change.notices.back().message, "7 more notices are not shown");
}

TEST(GoneObjectTest, IsGone) {
  const ObjectChange change = GoneObject("Node/n1");
  EXPECT_TRUE(change.is_gone);
  EXPECT_FALSE(change.is_passed_over());
  EXPECT_EQ(KindOf(change.name), "Node");
  EXPECT_EQ(NameWithoutKind("Service/n/s"), "n/s");
}

}  // namespace
}  // namespace lb::config
