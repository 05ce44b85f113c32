#include "lb/config/desired_keeper.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/kinds.h"
#include "lb/config/testing/change_of.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ObjectChange Pool(const std::string& name, const std::string& range,
                  const std::string& more = "") {
  return ChangeOf(
      fmt::format("{{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, "
                  "metadata: {{name: "
                  "{}}}, spec: {{addresses: [{}]{}}}}}",
                  name, range, more));
}

ObjectChange Service(const std::string& name, const std::string& spec = "",
                     const std::string& version = "1") {
  return ChangeOf(
      fmt::format("{{apiVersion: v1, kind: Service, metadata: {{name: {}, "
                  "namespace: ns}}, spec: {{type: LoadBalancer{}}}}}",
                  name, spec),
      version);
}

ObjectChange Slice(const std::string& name, const std::string& service,
                   const std::string& endpoints) {
  return ChangeOf(fmt::format(
      "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: "
      "{{name: {}, namespace: ns, labels: {{kubernetes.io/service-name: "
      "{}}}}}, "
      "endpoints: [{}]}}",
      name, service, endpoints));
}

ObjectChange Node(const std::string& name, const std::string& rack) {
  return ChangeOf(
      fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: {}, labels: "
                  "{{rack: {}}}}}}}",
                  name, rack));
}

ObjectChange Namespace(const std::string& team) {
  return ChangeOf(
      fmt::format("{{apiVersion: v1, kind: Namespace, metadata: {{name: ns, "
                  "labels: {{team: {}}}}}}}",
                  team));
}

ObjectChange Advertisement(const std::string& spec) {
  return ChangeOf(
      fmt::format("{{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, "
                  "metadata: {{name: ad}}, spec: {{{}}}}}",
                  spec));
}

const std::string kAsks = ", loadBalancerIP: 10.0.0.1";
const std::string kAsksElsewhere = ", loadBalancerIP: 10.0.1.1";

// All kinds are listed, and empty.
class DesiredKeeperTest : public testing::Test {
 protected:
  DesiredKeeperTest() {
    for (const std::string_view kind : ReadKinds()) keeper_.Replace(kind, {});
  }

  const Desired& desired() const { return keeper_.desired(); }
  // Pools with their ranges, and services with the addresses that they ask for.
  std::string Short() const {
    std::string text;
    for (const auto& pool : desired().pools) {
      text += pool.name + "=" + pool.ranges[0].ToString() + " ";
    }
    for (const auto& [name, service] : desired().services) {
      text += name + "=";
      for (const auto& address : service.request.requested_addresses) {
        text += address.ToString();
      }
      text += " ";
    }
    return text;
  }
  std::string Problems() const { return ToText(desired().problems); }
  const auto& EndpointsOf(const std::string& service) const {
    return desired().services.at(service).traffic.endpoints;
  }

  DesiredKeeper keeper_;
};

TEST_F(DesiredKeeperTest, IsChangedInPlace) {
  const auto shared = keeper_.shared();
  EXPECT_EQ(keeper_.Apply({Service("a")}), (Difference{.services = {"ns/a"}}));
  EXPECT_EQ(shared.get(), &desired());
  EXPECT_THAT(shared->services, SizeIs(1));
  EXPECT_EQ(shared->read_count, 1u);
}

TEST_F(DesiredKeeperTest, ARefusedObjectKeepsItsLastGoodValue) {
  keeper_.Apply({Pool("p", "10.0.0.0/24"), Service("a", kAsks)});
  const Difference difference =
      keeper_.Apply({Service("a", ", loadBalancerIP: 10.0.0.300", "8"),
                     Pool("p", "10.0.0.0/33")});
  EXPECT_EQ(Short(), "p=10.0.0.0-10.0.0.255 ns/a=10.0.0.1 ");
  EXPECT_THAT(desired().problems, SizeIs(2));
  EXPECT_THAT(Problems(), HasSubstr("Service/ns/a (resourceVersion 8): "
                                    "spec.loadBalancerIP: "));
  EXPECT_EQ(difference, (Difference{.new_problems = desired().problems}));
  // A value of it is in force, so nothing holds it back.
  EXPECT_FALSE(desired().may_define.Contains("ns/a"));
}

TEST_F(DesiredKeeperTest, AServiceThatWasNeverGoodMayBeDefined) {
  const auto bad = Service("a", ", ports: [{port: x}]");
  EXPECT_TRUE(keeper_.Apply({bad}).may_define);
  EXPECT_TRUE(desired().may_define.Contains("ns/a"));
  EXPECT_FALSE(desired().may_define.Contains("ns/b"));
  EXPECT_FALSE(keeper_.Apply({bad}).may_define);
  EXPECT_TRUE(keeper_.Apply({Service("a")}).may_define);
  EXPECT_FALSE(desired().may_define.Contains("ns/a"));
}

TEST_F(DesiredKeeperTest, AGoneObjectIsGoneWithItsProblems) {
  keeper_.Apply({Service("a"), Service("b")});
  keeper_.Apply({Service("a", ", ports: [{port: x}]")});
  EXPECT_THAT(desired().problems, SizeIs(1));
  EXPECT_EQ(keeper_.Apply({GoneObject("Service/ns/a")}),
            (Difference{.services = {"ns/a"}}));
  EXPECT_EQ(Short(), "ns/b= ");
  EXPECT_EQ(Problems(), "");
  EXPECT_THAT(desired().objects, SizeIs(1));
  EXPECT_EQ(keeper_.Apply({GoneObject("Service/ns/a")}), Difference());
}

TEST_F(DesiredKeeperTest, OfTwoChangesOfOneObjectTheLastCounts) {
  keeper_.Apply({Service("a"), GoneObject("Service/ns/a"),
                 Service("a", ", externalTrafficPolicy: Local")});
  EXPECT_EQ(desired().services.at("ns/a").traffic.external_traffic_policy,
            election::TrafficPolicy::kLocal);
}

TEST_F(DesiredKeeperTest, AServiceOfAnotherClassIsPassedOverAndReleased) {
  keeper_.Apply({Service("a")});
  EXPECT_EQ(keeper_.Apply({Service("a", ", loadBalancerClass: other")}),
            (Difference{.services = {"ns/a"}}));
  EXPECT_EQ(Short(), "");
  EXPECT_FALSE(desired().may_define.Contains("ns/a"));
  EXPECT_THAT(desired().passed_over, ElementsAre("Service/ns/a"));
  EXPECT_EQ(desired().other_class.at("ns/a"), "other");
  keeper_.Apply({Service("a")});
  EXPECT_THAT(desired().passed_over, IsEmpty());
  EXPECT_THAT(desired().other_class, IsEmpty());
}

TEST_F(DesiredKeeperTest, APoolThatWouldOverlapIsRefusedUntilTheOtherIsGone) {
  keeper_.Apply({Pool("z", "10.0.0.0/30")});
  const Difference refused = keeper_.Apply({Pool("a", "10.0.0.2-10.0.0.9")});
  EXPECT_EQ(Short(), "z=10.0.0.0-10.0.0.3 ");
  EXPECT_FALSE(refused.pools);
  EXPECT_EQ(Problems(),
            "IPAddressPool/a (resourceVersion 1): spec.addresses: "
            "10.0.0.2-10.0.0.9 overlaps IPAddressPool/z in 10.0.0.2-10.0.0.3, "
            "want ranges that share no address\n");
  // Another pool leaves it refused.
  keeper_.Apply({Pool("m", "10.0.5.0/30")});
  EXPECT_EQ(Short(), "m=10.0.5.0-10.0.5.3 z=10.0.0.0-10.0.0.3 ");
  EXPECT_TRUE(keeper_.Apply({GoneObject("IPAddressPool/z")}).pools);
  EXPECT_EQ(Short(), "a=10.0.0.2-10.0.0.9 m=10.0.5.0-10.0.5.3 ");
  EXPECT_EQ(Problems(), "");
}

TEST_F(DesiredKeeperTest, AServiceIsLookedAtAgainWhenItsPoolComes) {
  keeper_.Apply({Service("a", kAsks), Service("b", kAsksElsewhere)});
  EXPECT_EQ(Short(), "");
  EXPECT_THAT(desired().problems, SizeIs(2));
  EXPECT_TRUE(desired().may_define.Contains("ns/a"));
  EXPECT_EQ(keeper_.Apply({Pool("p", "10.0.0.0/30")}).services,
            std::vector<std::string>{"ns/a"});
  EXPECT_EQ(Short(), "p=10.0.0.0-10.0.0.3 ns/a=10.0.0.1 ");
  EXPECT_THAT(Problems(),
              testing::StartsWith("Service/ns/b (resourceVersion 1): "
                                  "spec.loadBalancerIP: "));
}

TEST_F(DesiredKeeperTest, AServiceOutlivesThePoolOfItsAddressWithAProblem) {
  keeper_.Apply({Pool("p", "10.0.0.0/30"), Service("a", kAsks)});
  const Difference difference = keeper_.Apply({Pool("p", "10.0.7.0/30")});
  EXPECT_EQ(Short(), "p=10.0.7.0-10.0.7.3 ns/a=10.0.0.1 ");
  EXPECT_THAT(difference.new_problems, SizeIs(1));
  EXPECT_THAT(difference.services, IsEmpty());
  keeper_.Apply({Pool("p", "10.0.0.0/30")});
  EXPECT_EQ(Problems(), "");
}

TEST_F(DesiredKeeperTest, LabelsOfANamespaceJoinAndOpenPools) {
  keeper_.Apply(
      {Pool("p", "10.0.0.0/30",
            ", serviceAllocation: {namespaceSelectors: [{matchLabels: {team: "
            "x}}]}"),
       Service("a", kAsks), Service("b")});
  EXPECT_THAT(Problems(), HasSubstr("namespace not allowed"));
  EXPECT_THAT(keeper_.Apply({Namespace("x")}).services,
              ElementsAre("ns/a", "ns/b"));
  EXPECT_EQ(Problems(), "");
  EXPECT_EQ(desired().services.at("ns/a").request.namespace_labels.at("team"),
            "x");
  EXPECT_EQ(keeper_.Apply({Namespace("x")}), Difference());
  EXPECT_THAT(keeper_.Apply({GoneObject("Namespace/ns")}).services,
              ElementsAre("ns/a", "ns/b"));
  EXPECT_FALSE(
      desired().services.at("ns/a").request.namespace_labels.contains("team"));
}

TEST_F(DesiredKeeperTest, EndpointSlicesJoinTheirService) {
  keeper_.Apply({Service("a"), Service("b")});
  EXPECT_FALSE(EndpointsOf("ns/a").has_value());
  EXPECT_EQ(keeper_.Apply({Slice("e1", "a", "")}),
            (Difference{.services = {"ns/a"}}));
  ASSERT_TRUE(EndpointsOf("ns/a").has_value());
  EXPECT_THAT(*EndpointsOf("ns/a"), IsEmpty());
  keeper_.Apply(
      {Slice("e2", "a", "{nodeName: n2}"), Slice("e1", "a", "{nodeName: n1}")});
  ASSERT_THAT(*EndpointsOf("ns/a"), SizeIs(2));
  EXPECT_EQ((*EndpointsOf("ns/a"))[0].node, "n1");
  // One that moves to another service leaves the first.
  EXPECT_THAT(keeper_.Apply({Slice("e1", "b", "{nodeName: n1}")}).services,
              ElementsAre("ns/a", "ns/b"));
  EXPECT_THAT(*EndpointsOf("ns/a"), SizeIs(1));
  EXPECT_THAT(*EndpointsOf("ns/b"), SizeIs(1));
  keeper_.Apply({GoneObject("EndpointSlice/ns/e2")});
  EXPECT_FALSE(EndpointsOf("ns/a").has_value());
  // It may come before its service.
  keeper_.Apply({Slice("e3", "c", "{nodeName: n3}")});
  EXPECT_EQ(keeper_.Apply({Service("c")}).services,
            std::vector<std::string>{"ns/c"});
  EXPECT_THAT(*EndpointsOf("ns/c"), SizeIs(1));
}

TEST_F(DesiredKeeperTest, NodesReplaceNodes) {
  EXPECT_EQ(keeper_.Apply({Node("n1", "x")}), (Difference{.cluster = true}));
  EXPECT_EQ(keeper_.Apply({Node("n1", "x")}), Difference());
  EXPECT_EQ(keeper_.Apply({Node("n1", "y")}), (Difference{.cluster = true}));
  EXPECT_EQ(desired().nodes.at("n1").labels.at("rack"), "y");
  EXPECT_EQ(keeper_.Apply({GoneObject("Node/n1")}),
            (Difference{.cluster = true}));
  EXPECT_THAT(desired().nodes, IsEmpty());
}

TEST_F(DesiredKeeperTest, AnAdvertisementIsLookedAtAgainWithPoolsAndNodes) {
  keeper_.Apply(
      {Node("n1", "x"), Advertisement("ipAddressPools: [p], nodeSelectors: "
                                      "[{matchLabels: {rack: y}}]")});
  EXPECT_EQ(ToText(desired().notices),
            "L2Advertisement/ad (resourceVersion 1): spec.ipAddressPools[0]: "
            "\"p\": no such pool\n"
            "L2Advertisement/ad (resourceVersion 1): spec.nodeSelectors[0]: "
            "matches none of the 1 Node objects\n");
  EXPECT_THAT(keeper_.Apply({Node("n2", "z")}).new_notices, SizeIs(1))
      << "of 2 objects";
  keeper_.Apply({Node("n1", "y"), Pool("p", "10.0.0.0/30")});
  EXPECT_THAT(desired().notices, IsEmpty());
}

TEST_F(DesiredKeeperTest, AListReplacesAllObjectsOfItsKind) {
  keeper_.Apply({Service("a"), Service("b"), Node("n1", "x")});
  EXPECT_EQ(keeper_.Replace("Service", {Service("b"), Service("c")}),
            (Difference{.services = {"ns/a", "ns/c"}}));
  EXPECT_EQ(Short(), "ns/b= ns/c= ");
  EXPECT_THAT(desired().nodes, SizeIs(1));
  EXPECT_EQ(keeper_.Replace("Service", {Service("b"), Service("c")}),
            Difference());
}

// Whatever writes the status of an object gives it another resourceVersion.
TEST_F(DesiredKeeperTest, AnotherResourceVersionAloneChangesNothing) {
  const std::string bad = ", ports: [{port: x}]";
  keeper_.Apply({Service("a"), Service("b", bad)});
  EXPECT_EQ(keeper_.Apply({Service("a", "", "2"), Service("b", bad, "2")}),
            Difference());
  EXPECT_EQ(desired().objects.at("Service/ns/a").origin,
            Origin::OfKubernetes("2"));
  EXPECT_THAT(Problems(), HasSubstr("resourceVersion 2"));
}

TEST(DesiredKeeperStartTest, NothingIsInForceBeforeEachKindWasListed) {
  DesiredKeeper keeper;
  const std::vector<std::string_view>& kinds = ReadKinds();
  EXPECT_TRUE(keeper.desired().may_define.any);
  keeper.Apply({Service("a", kAsks)});
  for (size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_FALSE(keeper.is_complete());
    EXPECT_TRUE(keeper.desired().may_define.Contains("ns/x"));
    EXPECT_THAT(keeper.desired().services, IsEmpty());
    // Its pool, which comes first, and nothing else is there yet.
    EXPECT_THAT(keeper.desired().problems, IsEmpty());
    std::vector<ObjectChange> list;
    if (kinds[i] == "Service") list = {Service("a", kAsks)};
    if (kinds[i] == "IPAddressPool") list = {Pool("p", "10.0.0.0/30")};
    const Difference difference = keeper.Replace(kinds[i], list);
    if (i + 1 < kinds.size()) {
      EXPECT_EQ(difference, Difference());
      continue;
    }
    EXPECT_EQ(
        difference,
        (Difference{.services = {"ns/a"}, .pools = true, .may_define = true}));
  }
  EXPECT_TRUE(keeper.is_complete());
  EXPECT_FALSE(keeper.desired().may_define.any);
}

TEST(DesiredKeeperStartTest, WhatAnEarlierRunHadStaysUntilAllIsListed) {
  Objects earlier;
  for (const ObjectChange& change :
       {Pool("p", "10.0.0.0/30"), Service("a", kAsks), Service("b"),
        Service("c"), Slice("e", "b", "{nodeName: n1}")}) {
    earlier[change.name] = *change.object;
  }
  DesiredKeeper keeper(earlier);
  EXPECT_THAT(keeper.desired().services, SizeIs(3));
  EXPECT_TRUE(keeper.desired().may_define.any);
  // One is gone, and one is faulty; the pool is, too.
  keeper.Replace("Service",
                 {Service("a", ", loadBalancerIP: 10.0.0.300"), Service("b")});
  EXPECT_THAT(keeper.desired().services, SizeIs(3));
  keeper.Replace("IPAddressPool", {Pool("p", "10.0.0.0/33")});
  for (const std::string_view kind : ReadKinds()) {
    if (keeper.is_complete()) break;
    if (kind == "Service" || kind == "IPAddressPool") continue;
    keeper.Replace(kind, {});
  }
  const Desired& desired = keeper.desired();
  ASSERT_TRUE(keeper.is_complete());
  EXPECT_THAT(desired.pools, SizeIs(1));
  ASSERT_THAT(desired.services, SizeIs(2));
  EXPECT_THAT(desired.services.at("ns/a").request.requested_addresses,
              SizeIs(1));
  EXPECT_FALSE(desired.services.at("ns/b").traffic.endpoints.has_value());
  EXPECT_THAT(desired.problems, SizeIs(2));
}

// As where Kubernetes writes slices for each service.
TEST(DesiredKeeperOptionsTest, AServiceWithoutASliceHasNoEndpoint) {
  DesiredKeeper keeper(Objects(), {.knows_endpoints = true});
  for (const std::string_view kind : ReadKinds()) keeper.Replace(kind, {});
  keeper.Apply({Service("a")});
  const auto& endpoints =
      keeper.desired().services.at("ns/a").traffic.endpoints;
  ASSERT_TRUE(endpoints.has_value());
  EXPECT_THAT(*endpoints, IsEmpty());
  keeper.Apply({Slice("e", "a", "{nodeName: n1}")});
  EXPECT_THAT(*endpoints, SizeIs(1));
  keeper.Apply({GoneObject("EndpointSlice/ns/e")});
  ASSERT_TRUE(endpoints.has_value());
  EXPECT_THAT(*endpoints, IsEmpty());
}

TEST(DesiredKeeperOptionsTest, ARefusedServiceCountsIfStatusesDecide) {
  DesiredKeeper keeper(Objects(), {.follows_statuses = true});
  for (const std::string_view kind : ReadKinds()) keeper.Replace(kind, {});
  keeper.Apply({Service("a", kAsks)});
  const Desired& desired = keeper.desired();
  EXPECT_THAT(desired.services, SizeIs(1));
  EXPECT_THAT(desired.objects, IsEmpty());
  EXPECT_THAT(desired.problems, SizeIs(1));
  EXPECT_TRUE(desired.may_define.Contains("ns/a"));
  // A fault of its own is no reason to forget it.
  EXPECT_EQ(keeper.Apply({Service("a", ", loadBalancerIP: 10.0.0.300")})
                .services.size(),
            0u);
  EXPECT_THAT(desired.services, SizeIs(1));
  EXPECT_THAT(desired.counted, SizeIs(1));
  keeper.Apply({GoneObject("Service/ns/a")});
  EXPECT_THAT(desired.services, IsEmpty());
  EXPECT_THAT(desired.counted, IsEmpty());
}

TEST(DesiredKeeperOptionsTest, ARefusedServiceCountsUntilItIsAdmitted) {
  DesiredKeeper keeper(Objects(), {.follows_statuses = true});
  for (const std::string_view kind : ReadKinds()) keeper.Replace(kind, {});
  keeper.Apply({Service("a", kAsks)});
  const Desired& desired = keeper.desired();
  EXPECT_TRUE(desired.counted.contains("Service/ns/a"));
  keeper.Apply({Pool("p", "10.0.0.0/24")});
  EXPECT_THAT(desired.counted, IsEmpty());
  EXPECT_TRUE(desired.objects.contains("Service/ns/a"));
  EXPECT_THAT(desired.services, SizeIs(1));
  EXPECT_THAT(desired.problems, IsEmpty());
}

// An earlier run had it, in force or not. Other nodes know the newer value.
TEST(DesiredKeeperOptionsTest, ARestoredServiceThatIsRefusedIsNoLastGoodValue) {
  Objects earlier;
  for (const ObjectChange& change :
       {Service("a", kAsks), Service("good"), Service("unread", kAsks)}) {
    earlier[change.name] = *change.object;
  }
  DesiredKeeper keeper(earlier, {.follows_statuses = true});
  const Desired& desired = keeper.desired();
  EXPECT_THAT(desired.services, SizeIs(3));
  const std::string local = ", externalTrafficPolicy: Local";
  keeper.Apply({Service("a", kAsks + local), Service("good", kAsks + local),
                Service("unread", ", loadBalancerIP: 10.0.0.300")});
  for (const std::string_view kind : ReadKinds()) keeper.EndListing(kind);
  const auto is_local = [&](const char* service) {
    return desired.services.at(service).traffic.external_traffic_policy ==
           election::TrafficPolicy::kLocal;
  };
  EXPECT_TRUE(is_local("ns/a"));
  EXPECT_TRUE(desired.counted.contains("Service/ns/a"));
  EXPECT_FALSE(desired.objects.contains("Service/ns/a"));
  EXPECT_FALSE(is_local("ns/good"));
  EXPECT_TRUE(desired.objects.contains("Service/ns/good"));
  EXPECT_TRUE(desired.services.contains("ns/unread"));
}

TEST(DesiredKeeperStartTest, AListMayComeInPortions) {
  Objects earlier;
  for (const ObjectChange& change : {Service("a", kAsks), Service("gone")}) {
    earlier[change.name] = *change.object;
  }
  DesiredKeeper keeper(earlier);
  for (const std::string_view kind : ReadKinds()) {
    if (kind != "Service") keeper.EndListing(kind);
  }
  EXPECT_EQ(keeper.Apply({Service("a"), Service("b")}), Difference());
  EXPECT_EQ(keeper.Apply({Service("c")}), Difference());
  EXPECT_THAT(keeper.desired().services, SizeIs(2));
  EXPECT_FALSE(keeper.is_complete());
  const Difference difference = keeper.EndListing("Service");
  EXPECT_TRUE(keeper.is_complete());
  EXPECT_FALSE(keeper.desired().may_define.any);
  EXPECT_THAT(difference.services,
              ElementsAre("ns/a", "ns/b", "ns/c", "ns/gone"));
  EXPECT_THAT(keeper.desired().services, SizeIs(3));
}

TEST(DesiredKeeperBoundTest, ObjectsWithoutRoomAreLeftOutAndHeldBack) {
  DesiredKeeper keeper(Objects(), {.objects_max = 3});
  const Desired& desired = keeper.desired();
  for (const std::string_view kind : ReadKinds()) keeper.Replace(kind, {});
  keeper.Replace("Node", {Node("n1", "x"), Node("n2", "x")});
  keeper.Apply({Service("a")});
  EXPECT_EQ(ToText(desired.problems), "");
  const Difference difference = keeper.Apply({Service("b"), Service("c")});
  EXPECT_EQ(ToText(desired.problems),
            "Service: 2 objects are not read, want at most 3 in all\n");
  EXPECT_EQ(difference,
            (Difference{.may_define = true, .new_problems = desired.problems}));
  EXPECT_TRUE(desired.may_define.any);
  // Those that are there can change.
  EXPECT_THAT(
      keeper.Apply({Service("a", ", externalTrafficPolicy: Local")}).services,
      SizeIs(1));
  // Room alone does not bring the others back: which they are is not known.
  keeper.Replace("Node", {});
  EXPECT_TRUE(desired.may_define.any);
  keeper.Replace("Service", {Service("a"), Service("b"), Service("c")});
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_FALSE(desired.may_define.any);
  EXPECT_THAT(desired.services, SizeIs(3));
}

TEST_F(DesiredKeeperTest, ShowsSoManyNoticesAndCountsTheOthers) {
  std::vector<ObjectChange> list;
  for (size_t i = 0; i < kNoticesMax + 2; ++i) {
    list.push_back(ChangeOf(
        fmt::format("{{apiVersion: v1, kind: Service, metadata: {{name: s{}, "
                    "annotations: {{metallb.universe.tf/address-pool: ''}}}}, "
                    "spec: {{type: LoadBalancer}}}}",
                    i)));
  }
  const Difference difference = keeper_.Replace("Service", list);
  EXPECT_THAT(difference.new_notices, SizeIs(kNoticesMax + 2));
  ASSERT_THAT(desired().notices, SizeIs(kNoticesMax + 1));
  EXPECT_EQ(desired().notices.back().message, "2 more notices are not shown");
  keeper_.Apply(
      {GoneObject("Service/default/s7"), GoneObject("Service/default/s8")});
  EXPECT_THAT(desired().notices, SizeIs(kNoticesMax));
}

}  // namespace
}  // namespace lb::config
