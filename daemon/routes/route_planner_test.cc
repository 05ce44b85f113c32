#include "daemon/routes/route_planner.h"

#include <string>

#include "absl/time/time.h"
#include "daemon/routes/testing/route_story.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"

namespace lb {
namespace {

const std::string kPool =
    "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
    "metadata: {name: pool}\nspec: {addresses: [10.20.0.0/16]}\n---\n";
const std::string kPeer =
    "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: tor}\n"
    "spec: {myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.1}\n---\n";
const std::string kNodes =
    "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\n"
    "apiVersion: v1\nkind: Node\nmetadata: {name: n2, labels: {rack: x}}\n"
    "---\n";

std::string Ad(const std::string& annotations, const std::string& spec) {
  return fmt::format(
      "apiVersion: metallb.io/v1beta1\nkind: BGPAdvertisement\n"
      "metadata: {{name: ad, annotations: {{{}}}}}\nspec: {{{}}}\n---\n",
      annotations, spec);
}

std::string Service(const std::string& name, const std::string& policy) {
  return fmt::format(
      "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
      "spec: {{type: LoadBalancer, externalTrafficPolicy: {}}}\n---\n",
      name, policy);
}

// `nodes` have a ready endpoint each.
std::string Slice(const std::string& service,
                  std::initializer_list<const char*> nodes) {
  std::string endpoints;
  for (const char* node : nodes) {
    endpoints += fmt::format("{{nodeName: {}, addresses: [10.1.1.1]}}, ", node);
  }
  return fmt::format(
      "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
      "metadata: {{name: {0}-1, labels: {{kubernetes.io/service-name: {0}}}}}\n"
      "endpoints: [{1}]\n---\n",
      service, endpoints);
}

TEST(RoutePlannerTest, AHostWithoutKubernetesAnnounces) {
  RouteStory story("n1");
  story.SetManifests(kPool + kPeer + Ad("", "") + Service("web", "Local"));
  EXPECT_EQ(story.Routes(), "to tor:\n");
  EXPECT_EQ(story.Verdict("default/web"), "");
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  EXPECT_EQ(story.Verdict("default/web"), "announces");
  story.SetAddress("default/web", "10.20.0.2", "pool");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.2/32\n");
  story.SetAddress("default/web", "", "");
  EXPECT_EQ(story.Routes(), "to tor:\n");
  EXPECT_EQ(story.Verdict("default/web"), "");
}

TEST(RoutePlannerTest, SaysToWhichPeersAServiceIsTold) {
  RouteStory story("n1");
  const std::string web = Service("web", "Cluster");
  const std::string spine =
      "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\n"
      "metadata: {name: spine}\n"
      "spec: {myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.2}\n---\n";
  const auto peers = [&] {
    story.Routes();
    return story.planner().PeersOf("default/web");
  };
  story.SetManifests(kPool + kPeer + Ad("", "") + web);
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_THAT(peers(), testing::ElementsAre("tor"));
  EXPECT_THAT(story.planner().TakeRepeered(kPortion),
              testing::ElementsAre("default/web"));
  EXPECT_THAT(story.planner().TakeRepeered(kPortion), testing::IsEmpty());
  story.SetManifests(kPool + kPeer + spine + Ad("", "") + web);
  EXPECT_THAT(peers(), testing::ElementsAre("spine", "tor"));
  EXPECT_THAT(story.planner().TakeRepeered(kPortion),
              testing::ElementsAre("default/web"));
  story.SetManifests(kPool + kPeer + spine + Ad("", "peers: [spine]") + web);
  EXPECT_THAT(peers(), testing::ElementsAre("spine"));
  story.SetAddress("default/web", "", "");
  EXPECT_THAT(peers(), testing::IsEmpty());
}

TEST(RoutePlannerTest, WithheldAddressesAreAnnouncedByNoNode) {
  RouteStory story("n1");
  story.SetManifests(kPool + kPeer + Ad("", "") + Service("web", "Cluster"));
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  story.planner().SetWithheld({*net::ParseIpAddress("10.20.0.1")});
  EXPECT_EQ(story.Routes(), "to tor:\n");
  story.planner().SetWithheld({});
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
}

TEST(RoutePlannerTest, HoldsTheRouteOfAServiceThatLosesItsEndpoints) {
  RouteStory story("n1");
  const std::string rest = kPool + kPeer + kNodes +
                           Ad("lb.io/withdraw-hold: 5s", "") +
                           Service("web", "Local");
  story.SetManifests(rest + Slice("web", {"n1"}));
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  story.SetManifests(rest + Slice("web", {"n2"}));
  EXPECT_EQ(story.Verdict("default/web"), "noLocalEndpoints");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  EXPECT_EQ(story.planner().NextDeadline(),
            absl::UnixEpoch() + absl::Seconds(5));
  story.Advance(absl::Seconds(4));
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  story.Advance(absl::Seconds(1));
  EXPECT_EQ(story.Routes(), "to tor:\n");
  EXPECT_TRUE(story.planner().is_urgent());
  // What was never announced is not held.
  story.SetManifests(rest + Slice("web", {}));
  EXPECT_EQ(story.Verdict("default/web"), "noLocalEndpoints");
  EXPECT_EQ(story.Routes(), "to tor:\n");
}

TEST(RoutePlannerTest, ANodeThatIsExcludedHoldsNothing) {
  RouteStory story("n1");
  const std::string rest = kPool + kPeer + Ad("lb.io/withdraw-hold: 5s", "") +
                           Service("web", "Cluster");
  story.SetManifests(rest + kNodes);
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_EQ(story.Routes(), "to tor:\n10.20.0.1/32\n");
  story.SetManifests(
      rest +
      "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: "
      "{node.kubernetes.io/exclude-from-external-load-balancers: ''}}\n");
  EXPECT_EQ(story.Routes(), "to tor:\n");
  EXPECT_EQ(story.Verdict("default/web"), "nodeLabeledExcludeBalancers");
}

TEST(RoutePlannerTest, AChangeForAllTakesPortions) {
  RouteStory story("n1");
  std::string services;
  const size_t count = kPortion + 10;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("s{}", i);
    services += Service(name, "Cluster");
    story.SetAddress("default/" + name,
                     fmt::format("10.20.{}.{}", i / 200, i % 200 + 1), "pool");
  }
  story.SetManifests(kPool + kPeer + services);
  story.Routes();
  EXPECT_EQ(story.planner().routes().RoutesOf("tor").size(), 0u);
  story.SetManifests(kPool + kPeer + services + Ad("", ""));
  AddressEntries none;
  EXPECT_FALSE(story.planner().has_more());
  story.planner().Update(story.desired(), none, absl::UnixEpoch());
  EXPECT_TRUE(story.planner().has_more());
  story.planner().Update(story.desired(), none, absl::UnixEpoch());
  EXPECT_FALSE(story.planner().has_more());
}

// n1 with so many services, one address each, all of them planned.
class ManyServicesTest : public testing::Test {
 protected:
  static constexpr size_t kMany = 3 * kPortion;

  ManyServicesTest() {
    desired_.pool_labels["pool"] = {};
    desired_.bgp.peers = {{.name = "tor", .my_as = {64512}}};
    desired_.bgp.advertisements = {{.name = "ad"}};
    for (size_t i = 0; i < kMany; ++i) {
      desired_.services[NameOf(i)].request.service = NameOf(i);
      entries_[NameOf(i)].assignment.addresses = {{AddressOf(i), "pool"}};
    }
    planner_.SetDesired(desired_, {});
    while (Update() > 0) {
    }
  }

  static std::string NameOf(size_t i) {
    return fmt::format("default/{:05}", i);
  }
  static net::IpAddress AddressOf(size_t i) {
    return net::IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(i));
  }
  // It has no endpoint any more.
  void LoseEndpoints(size_t i) {
    desired_.services.at(NameOf(i)).traffic.endpoints.emplace();
  }
  void ChangeAll() {
    desired_.bgp.advertisements[0].med = ++med_;
    planner_.SetDesired(desired_, {.bgp = true});
  }
  // Returns how many routes have changed.
  size_t Update() {
    planner_.Update(desired_, entries_, absl::UnixEpoch());
    changed_ = planner_.TakeChanged();
    return changed_["tor"].size();
  }
  bool HasChanged(size_t i) {
    return changed_["tor"].contains({AddressOf(i), 32});
  }

  config::Desired desired_;
  AddressEntries entries_;
  uint32_t med_ = 0;
  RoutePlanner planner_{{.node = "n1"}};
  decltype(planner_.TakeChanged()) changed_;
};

TEST_F(ManyServicesTest, AFewGoBeforeTheRestOfMany) {
  ChangeAll();
  EXPECT_EQ(Update(), kPortion);
  EXPECT_FALSE(planner_.is_urgent());
  LoseEndpoints(kMany - 1);
  planner_.SetDesired(desired_, {.services = {NameOf(kMany - 1)}});
  EXPECT_EQ(Update(), kPortion + 1);
  EXPECT_TRUE(HasChanged(kMany - 1));
  EXPECT_TRUE(planner_.is_urgent());
  EXPECT_TRUE(planner_.has_more());
  EXPECT_EQ(Update(), kPortion - 1);
  EXPECT_FALSE(planner_.is_urgent());
  EXPECT_FALSE(planner_.has_more());
}

TEST_F(ManyServicesTest, AFewThatChangeNoRouteAreNotUrgent) {
  planner_.SetDesired(desired_, {.services = {NameOf(7)}});
  EXPECT_EQ(Update(), 0u);
  EXPECT_FALSE(planner_.is_urgent());
}

TEST_F(ManyServicesTest, MoreThanAFewAreAPartOfMany) {
  for (const size_t count : {RoutePlanner::kFew, RoutePlanner::kFew + 1}) {
    config::Difference difference;
    for (size_t i = 0; i < count; ++i) {
      const size_t service = (count - 60) * 200 + i;
      LoseEndpoints(service);
      difference.services.push_back(NameOf(service));
    }
    planner_.SetDesired(desired_, difference);
    EXPECT_EQ(Update(), count);
    EXPECT_EQ(planner_.is_urgent(), count == RoutePlanner::kFew);
  }
}

// Services that were due already do not count as few.
TEST_F(ManyServicesTest, ManyThatChangeTwiceTakePortions) {
  config::Difference all;
  for (size_t i = 0; i < kMany; ++i) all.services.push_back(NameOf(i));
  ChangeAll();
  EXPECT_EQ(Update(), kPortion);
  for (int i = 0; i < 2; ++i) planner_.SetDesired(desired_, all);
  EXPECT_LE(Update(), kPortion);
  EXPECT_LE(Update(), kPortion);
  EXPECT_TRUE(planner_.has_more());
}

TEST_F(ManyServicesTest, AddressesThatComeAndGoAreTold) {
  EXPECT_EQ(planner_.TakeAddressChanges().size(), kMany);
  planner_.SetDesired(desired_, {.services = {NameOf(7)}});
  Update();
  EXPECT_TRUE(planner_.TakeAddressChanges().empty());
  LoseEndpoints(7);
  planner_.SetDesired(desired_, {.services = {NameOf(7)}});
  Update();
  EXPECT_EQ(planner_.addresses().size(), kMany - 1);
  const auto changes = planner_.TakeAddressChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FALSE(changes.begin()->second);
  EXPECT_FALSE(planner_.addresses().contains(changes.begin()->first));
}

// Another node's conditions come every few minutes.
TEST(RoutePlannerTest, AnotherNodesObjectMakesNothingDue) {
  RouteStory story("n1");
  const std::string rest = kPool + kPeer + Ad("", "") + Service("a", "Cluster");
  story.SetManifests(rest + kNodes);
  story.Routes();
  story.SetManifests(rest + kNodes +
                     "apiVersion: v1\nkind: Node\nmetadata: {name: n3}\n");
  story.planner().Update(story.desired(), {}, absl::UnixEpoch());
  EXPECT_FALSE(story.planner().has_more());
}

TEST(ExplainRoutesTest, EachNodeWithItsRoutesOrItsReason) {
  RouteStory story("n1");
  story.SetManifests(
      kPool + kPeer + kNodes + Service("web", "Local") + Slice("web", {"n2"}) +
      Ad("", "aggregationLength: 24, peers: [tor, gone]") +
      "apiVersion: metallb.io/v1beta1\nkind: BGPAdvertisement\n"
      "metadata: {name: racks}\n"
      "spec: {peers: [gone], nodeSelectors: [{matchLabels: {rack: x}}]}\n");
  story.SetAddress("default/web", "10.20.0.1", "pool");
  EXPECT_EQ(story.Explain("default/web"),
            "n1: noLocalEndpoints\n"
            "n2: announces\n"
            "  10.20.0.0/24 to tor\n"
            "  10.20.0.1/32 to no peer\n"
            "  ! 10.20.0.0/24 draws traffic for services of its addresses that "
            "have no endpoint on this node\n");
  EXPECT_EQ(story.Explain("default/none"), "");
}

}  // namespace
}  // namespace lb
