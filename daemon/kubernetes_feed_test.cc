// Agents of three nodes that take objects and addresses from a simulated API
// server.
#include "daemon/kubernetes_feed.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "daemon/testing/kubernetes_feed_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(KubernetesFeedTest, TheSpeakersFindEachOtherAndOneAnnounces) {
  CreateService("web");
  StartAll();
  for (FeedNode& node : nodes_) {
    EXPECT_THAT(node.agent->View().LiveMembers(), SizeIs(3));
  }
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 8);
}

TEST_F(KubernetesFeedTest, APoolThatSelectsByLabelsOfNamespacesIsAWatchMore) {
  CreateService("web", "");
  StartAll();
  cluster_.CreateOwn(
      "IPAddressPool", "b",
      R"("spec":{"addresses":["10.1.1.0/24"],"serviceAllocation":)"
      R"({"namespaceSelectors":[{"matchLabels":{"team":"a"}}]}})");
  cluster_.server_.Create(SimKubernetes::ResourceOf("Namespace"),
                          R"({"metadata":{"name":"d","labels":{"team":"a"}}})");
  RunFor(absl::Seconds(2));
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 9);
  cluster_.MayChange("web");
  cluster_.PatchService(
      "web", R"({"metadata":{"annotations":{"metallb.io/address-pool":"b"}}})");
  RunFor(absl::Seconds(2));
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.1.0 b");
  EXPECT_THAT(Announcers("10.1.1.0"), SizeIs(2));
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(KubernetesFeedTest, ANewServiceIsAnnouncedOnceItsStatusSaysItsAddress) {
  StartAll();
  CreateService("web");
  EXPECT_TRUE(
      world_.loop().RunUntil([&] { return !Announcers("10.1.0.100").empty(); },
                             absl::Milliseconds(100)));
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
}

TEST_F(KubernetesFeedTest, NoNodeIsTheAuthorOfALedger) {
  CreateService("web");
  StartAll();
  for (FeedNode& node : nodes_) EXPECT_EQ(node.agent->View().ledger.author, "");
}

TEST_F(KubernetesFeedTest, ADeletedServiceIsAnnouncedNoMore) {
  CreateService("web");
  StartAll();
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Announcers("10.1.0.100"), "");
}

TEST_F(KubernetesFeedTest, TheNodeThatAnnouncesSaysSoInAServiceL2Status) {
  CreateService("web");
  StartAll();
  const std::string node = Announcers("10.1.0.100");
  ASSERT_THAT(node, SizeIs(2));
  EXPECT_THAT(L2Statuses(),
              ElementsAre(fmt::format("{0} web speaker-{0}", node)));
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(5));
  EXPECT_THAT(L2Statuses(), IsEmpty());
}

TEST_F(KubernetesFeedTest, ANewServiceCostsThreeWritesAndIdleNone) {
  cluster_.CreatePool("b", "\"10.1.1.0/24\"");
  StartAll();
  const size_t lease = Writes("/leases/");
  const size_t before = Writes("/");
  const size_t pools = Writes("/ipaddresspools/");
  for (int i = 0; i < 200; ++i) CreateService(fmt::format("s{}", i));
  RunFor(absl::Minutes(2));
  EXPECT_THAT(L2Statuses(), SizeIs(200));
  EXPECT_EQ(Writes("/servicel2statuses"), 200u);
  EXPECT_EQ(Writes("/events"), 200u);
  EXPECT_EQ(Writes("/") - before - (Writes("/leases/") - lease) -
                (Writes("/ipaddresspools/") - pools),
            3u * 200);
  const size_t after = Writes("/") - Writes("/leases/");
  RunFor(absl::Minutes(20));
  EXPECT_EQ(Writes("/") - Writes("/leases/"), after);
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 8);
}

TEST_F(KubernetesFeedTest, WhenANodeDiesItsSuccessorSaysSo) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  EXPECT_THAT(cluster_.Events(), Not(Contains("nodeAssigned d/web")));
  for (FeedNode& node : nodes_) {
    if (node.host->name() == first) Kill(node);
  }
  RunFor(absl::Seconds(30));
  const std::string second = Announcers("10.1.0.100");
  ASSERT_THAT(second, SizeIs(2));
  EXPECT_NE(second, first);
  EXPECT_THAT(L2Statuses(),
              ElementsAre(fmt::format("{0} web speaker-{0}", second)));
  EXPECT_THAT(cluster_.Events(), Contains("nodeAssigned d/web").Times(1));
}

TEST_F(KubernetesFeedTest, ARestartedSpeakerAdoptsWhatItWrote) {
  CreateService("web");
  CreateService("mail");
  StartAll();
  const auto statuses = L2Statuses();
  ASSERT_THAT(statuses, SizeIs(2));
  const size_t writes = Writes("/servicel2statuses");
  for (FeedNode& node : nodes_) Kill(node);
  RunFor(absl::Seconds(1));
  for (FeedNode& node : nodes_) {
    node.agent.reset();
    node.host->Restart();
    Start(node);
  }
  RunFor(absl::Minutes(1));
  EXPECT_EQ(L2Statuses(), statuses);
  EXPECT_EQ(Writes("/servicel2statuses"), writes);
}

TEST_F(KubernetesFeedTest, EachProcessSaysWhetherItCouldReadTheConfiguration) {
  StartAll();
  const auto& states = cluster_.server_.store().Objects(
      {"metallb.io", "v1beta1", "configurationstates"});
  const auto results = [&] {
    std::vector<std::string> texts;
    for (const auto& [key, object] : states) {
      texts.push_back(fmt::format(
          "{} {} {}", key.name, kubernetes::TextAt(*object, "status.result"),
          kubernetes::TextAt(*object, "status.errorSummary")));
    }
    return texts;
  };
  EXPECT_THAT(results(), ElementsAre("controller Valid ", "speaker-n1 Valid ",
                                     "speaker-n2 Valid ", "speaker-n3 Valid "));
  cluster_.CreatePool("bad", "\"10.1.0.0/33\"");
  RunFor(absl::Seconds(5));
  EXPECT_THAT(results(), Each(HasSubstr(" Invalid IPAddressPool/bad: ")));
  const size_t writes = Writes("/configurationstates");
  CreateService("web");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Writes("/configurationstates"), writes);
}

// MetalLB's speakers do not read the annotation: they look for the address in
// the pools.
TEST_F(KubernetesFeedTest, AnAddressWithoutTheAnnotationOfItsPoolIsAnnounced) {
  has_controllers_ = false;
  StartAll();
  CreateService("web");
  cluster_.SetStatus("web", "10.1.0.105", "");
  RunFor(absl::Seconds(2));
  EXPECT_THAT(Announcers("10.1.0.105"), SizeIs(2));
  CreateService("stray");
  cluster_.SetStatus("stray", "10.7.0.1", "");
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.7.0.1"), "");
  EXPECT_THAT(ProblemsOf(nodes_[0]),
              ElementsAre(HasSubstr("Service/d/stray: no address: the status "
                                    "has 10.7.0.1, but not from which pool")));
  cluster_.CreatePool("b", "\"10.7.0.0/24\"");
  RunFor(absl::Seconds(2));
  EXPECT_THAT(Announcers("10.7.0.1"), SizeIs(2));
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(KubernetesFeedTest, AKubeProxyWithoutStrictArpIsAnEventOnEachNode) {
  cluster_.server_.Create(
      {"", "v1", "configmaps"},
      R"({"metadata":{"namespace":"kube-system","name":"kube-proxy"},)"
      R"("data":{"config.conf":"mode: ipvs\n"}})");
  StartAll();
  EXPECT_THAT(
      cluster_.Events(),
      UnorderedElementsAre("StrictArp /n1", "StrictArp /n2", "StrictArp /n3"));
  EXPECT_THAT(NewEvents("StrictArp"), SizeIs(3));
  EXPECT_THAT(nodes_[0].feed->Sight().kube_proxy_fault, HasSubstr("strictARP"));
}

// As MetalLB has it: its speakers announce no service without an endpoint that
// is ready, and one without any EndpointSlice has none.
TEST_F(KubernetesFeedTest, AServiceWithoutAnEndpointIsNotAnnounced) {
  StartAll();
  cluster_.CreateService("web");
  RunFor(absl::Seconds(30));
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  EXPECT_EQ(Announcers("10.1.0.100"), "");
  // Its pods may be about to start.
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
  RunFor(absl::Minutes(1));
  EXPECT_THAT(ProblemsOf(nodes_[0]),
              ElementsAre(AllOf(HasSubstr("Service/d/web: "),
                                HasSubstr("n1 noEndpoints"),
                                HasSubstr("want a ready endpoint"))));
  CreateSlice("web");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
  cluster_.server_.Delete(SimKubernetes::ResourceOf("EndpointSlice"),
                          {"d", "web-x"});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Announcers("10.1.0.100"), "");
}

// The status is the record of the address, whatever the Service asks for by
// now; speakers that knew it before announce it too.
TEST_F(KubernetesFeedTest, ANewSpeakerAnnouncesAlsoAServiceThatPoolsRefuse) {
  CreateService("web");
  StartAll();
  const std::string node = Announcers("10.1.0.100");
  cluster_.PatchService(
      "web",
      R"({"metadata":{"annotations":{"metallb.io/address-pool":"gone"}}})");
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.0.100"), node);
  for (FeedNode& each : nodes_) {
    Kill(each);
    each.agent.reset();
    each.host->state().values().clear();
    each.host->Restart();
    Start(each);
  }
  RunFor(absl::Seconds(8));
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  EXPECT_THAT(ProblemsOf(nodes_[0]),
              Contains(HasSubstr("asks for pool gone, which does not exist")));
}

TEST_F(KubernetesFeedTest, AnotherAddressInAStatusIsNoAddressGivenUp) {
  has_controllers_ = false;
  StartAll();
  CreateService("web");
  cluster_.SetStatus("web", "10.1.0.105");
  RunFor(absl::Seconds(1));
  NewEvents("ClearAssignment");
  cluster_.MayChange("web");
  cluster_.SetStatus("web", "10.1.0.106");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Announcers("10.1.0.106"), SizeIs(2));
  EXPECT_THAT(NewEvents("ClearAssignment"), IsEmpty());
  cluster_.PatchService("web", R"({"status":{"loadBalancer":null}})", "status");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(NewEvents("ClearAssignment"),
              ElementsAre(HasSubstr("waiting for the controller"),
                          HasSubstr("waiting for the controller"),
                          HasSubstr("waiting for the controller")));
}

constexpr std::string_view kPoolManifests =
    "{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: {name: f},"
    " spec: {addresses: [10.1.0.130-10.1.0.140]}}\n"
    "---\n"
    "{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, metadata: {name: "
    "f}}\n";

class PoolsFromManifestsTest : public KubernetesFeedTest {
 protected:
  PoolsFromManifestsTest() { pools_from_ = PoolsFrom::kManifests; }

  // As ManifestReader has it.
  void Read(std::string_view text) {
    config::Manifests manifests;
    config::ParseManifests("m.yaml", text, {}, &manifests);
    RefuseOtherKinds(&manifests);
    read_ = config::BuildDesired(manifests, read_);
    for (FeedNode& node : nodes_) node.feed->TakeManifests(read_);
  }

  config::Desired read_;
};

// The server has a pool of its own, as of MetalLB, which is not read.
TEST_F(PoolsFromManifestsTest, ServicesGetAddressesOfTheFiles) {
  CreateService("web");
  StartAll();
  EXPECT_EQ(cluster_.StatusOf("web"), "");
  Read(kPoolManifests);
  RunFor(absl::Seconds(8));
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.130 f");
  EXPECT_THAT(Announcers("10.1.0.130"), SizeIs(2));
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 5);
  EXPECT_EQ(Writes("/ipaddresspools"), 0u);
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(PoolsFromManifestsTest, AFaultInAFileIsAProblemAndTheRestGoesOn) {
  CreateService("web");
  StartAll();
  Read(kPoolManifests);
  RunFor(absl::Seconds(8));
  Read(
      "{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: {name: "
      "f}, spec: {addresses: [10.1.0.130/33]}}\n"
      "---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: d}, "
      "spec: {type: LoadBalancer}}\n"
      "---\n"
      "{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, metadata: "
      "{name: f}}\n");
  RunFor(absl::Seconds(5));
  EXPECT_THAT(Announcers("10.1.0.130"), SizeIs(2));
  EXPECT_THAT(
      ProblemsOf(nodes_[0]),
      UnorderedElementsAre(
          HasSubstr("IPAddressPool/f: spec.addresses[0]"),
          HasSubstr("Manifest/m.yaml: Service/d/web: with pools-from")));
  Read(kPoolManifests);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(PoolsFromManifestsTest, ASpeakerThatStartsWithoutTheServerHasThem) {
  CreateService("web");
  StartAll();
  Read(kPoolManifests);
  RunFor(absl::Seconds(8));
  TakeServerAway();
  RestartAll();
  read_ = {};
  Read(kPoolManifests);
  RunFor(absl::Seconds(8));
  EXPECT_THAT(Announcers("10.1.0.130"), SizeIs(2));
}

TEST_F(KubernetesFeedTest, AnOperatorIsToldWhereAddressesComeFrom) {
  CreateService("web");
  StartAll();
  const auto released = nodes_[0].agent->Release(
      {.service = "d/web", .address = *net::ParseIpAddress("10.1.0.100")},
      [](const absl::Status&) {});
  EXPECT_THAT(released.status().message(), HasSubstr("statuses of Services"));
}

}  // namespace
}  // namespace lb
