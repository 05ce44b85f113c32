// Agents of three nodes, each in front of a simulated router, that take the
// objects for BGP from a simulated API server.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "daemon/kubernetes_feed.h"
#include "daemon/node_view/node_view.h"
#include "daemon/testing/kubernetes_feed_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_world.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class KubernetesBgpTest : public KubernetesFeedTest {
 protected:
  KubernetesBgpTest() {
    for (int i = 1; i <= 3; ++i) {
      cluster_.server_.Patch(
          SimKubernetes::ResourceOf("Node"), {"", fmt::format("n{}", i)},
          fmt::format(R"({{"metadata":{{"labels":{{)"
                      R"("kubernetes.io/hostname":"n{}"}}}}}})",
                      i));
      hosts_.push_back(world_.AddHost(fmt::format("r{}", i),
                                      fmt::format("10.1.0.{}/24", 200 + i)));
      routers_.push_back(std::make_unique<bgp::SimRouter>(
          hosts_.back(), bgp::SimRouterOptions{}));
    }
  }
  ~KubernetesBgpTest() override {
    for (const auto& router : routers_) {
      EXPECT_THAT(router->faults(), IsEmpty());
    }
    for (FeedNode& node : nodes_) Kill(node);
    for (io::SimHost* host : hosts_) host->Crash();
  }

  // A peer "rN" of node nN. `more` follows its fields.
  void CreatePeer(int i, std::string_view more = "") {
    cluster_.CreateOwn(
        "BGPPeer", fmt::format("r{}", i),
        fmt::format(R"("spec":{{"myASN":64512,"peerASN":65000,)"
                    R"("peerAddress":"10.1.0.{}","nodeSelectors":)"
                    R"([{{"matchLabels":{{"kubernetes.io/hostname":"n{}"}})"
                    R"(}}]{}}})",
                    200 + i, i, more));
  }
  void CreatePeersAndAdvertisement() {
    for (int i = 1; i <= 3; ++i) CreatePeer(i);
    cluster_.CreateOwn("BGPAdvertisement", "all");
  }
  // "10.1.0.100/32 next-hop 10.1.0.1 ...", of each router.
  std::vector<std::string> Routes() const {
    std::vector<std::string> texts;
    for (const auto& router : routers_) {
      texts.push_back(router->RoutesText());
    }
    return texts;
  }
  std::vector<std::string> Ends() const {
    std::vector<std::string> ends;
    for (const auto& router : routers_) {
      ends.insert(ends.end(), router->ends().begin(), router->ends().end());
    }
    return ends;
  }
  // "n1 web r1,r2", by ServiceBGPStatus, sorted.
  std::vector<std::string> BgpStatuses() const {
    std::vector<std::string> texts;
    for (const auto& [key, object] : cluster_.server_.store().Objects(
             {"metallb.io", "v1beta1", "servicebgpstatuses"})) {
      EXPECT_THAT(key.name, testing::StartsWith("bgp-"));
      std::vector<std::string> peers;
      const auto* list = kubernetes::NodeAt(*object, "status.peers");
      if (list != nullptr) {
        for (const auto& peer : list->children) peers.push_back(peer.text);
      }
      texts.push_back(
          fmt::format("{} {} {}", kubernetes::TextAt(*object, "status.node"),
                      kubernetes::TextAt(*object, "status.serviceName"),
                      absl::StrJoin(peers, ",")));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  std::vector<io::SimHost*> hosts_;
  std::vector<std::unique_ptr<bgp::SimRouter>> routers_;
};

TEST_F(KubernetesBgpTest, AServiceReachesEachRouterAndItsRoutesGoWithIt) {
  CreatePeersAndAdvertisement();
  StartAll();
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 12);
  CreateService("web");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Routes(),
              ElementsAre(HasSubstr("10.1.0.100/32 next-hop 10.1.0.1"),
                          HasSubstr("10.1.0.100/32 next-hop 10.1.0.2"),
                          HasSubstr("10.1.0.100/32 next-hop 10.1.0.3")));
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Routes(), Each(""));
  EXPECT_THAT(Ends(), IsEmpty());
}

TEST_F(KubernetesBgpTest, BgpBeginsAndEndsWithItsObjects) {
  CreateService("web");
  StartAll();
  EXPECT_THAT(Routes(), Each(""));
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 8);
  CreatePeersAndAdvertisement();
  RunFor(absl::Seconds(2));
  EXPECT_THAT(Routes(), Each(HasSubstr("10.1.0.100/32")));
  cluster_.server_.Delete(SimKubernetes::ResourceOf("BGPPeer"),
                          {std::string(kOwnNamespace), "r2"});
  RunFor(absl::Seconds(1));
  EXPECT_EQ(routers_[1]->established(), 0);
  EXPECT_THAT(Ends(), SizeIs(1));
  EXPECT_EQ(routers_[0]->established(), 1);
}

// Without a peer an advertisement says nothing, and nothing is said of it.
TEST_F(KubernetesBgpTest, AnAdvertisementThatComesFirstCountsWithTheFirstPeer) {
  cluster_.CreateOwn("BGPAdvertisement", "all",
                     R"("spec":{"aggregationLength":99})");
  CreateService("web");
  StartAll();
  EXPECT_THAT(Routes(), Each(""));
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 8);
  CreatePeer(1);
  RunFor(absl::Seconds(2));
  EXPECT_THAT(ProblemsOf(nodes_[0]),
              Contains(HasSubstr("BGPAdvertisement/all (")));
  cluster_.PatchOwn("BGPAdvertisement", "all",
                    R"({"spec":{"aggregationLength":null}})");
  RunFor(absl::Seconds(2));
  EXPECT_THAT(Routes(), ElementsAre(HasSubstr("10.1.0.100/32"), "", ""));
}

TEST_F(KubernetesBgpTest, AnAdvertisementThatChangesTouchesNoSession) {
  CreatePeersAndAdvertisement();
  CreateService("web");
  StartAll();
  cluster_.PatchOwn("BGPAdvertisement", "all",
                    R"({"metadata":{"annotations":{"lb.io/med":"7"}}})");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Routes(), Each(HasSubstr("MED 7")));
  cluster_.PatchOwn("BGPAdvertisement", "all",
                    R"({"spec":{"peers":["r1","r3"]}})");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Routes(),
              ElementsAre(HasSubstr("MED 7"), "", HasSubstr("10.1.0.100/32")));
  EXPECT_THAT(Ends(), IsEmpty());
}

TEST_F(KubernetesBgpTest, ThePasswordOfASecretIsUsed) {
  routers_[0]->options().md5_peer = *net::ParseIpAddress("10.1.0.1");
  routers_[0]->SetMd5Key("sesame");
  CreatePeer(1, R"(,"passwordSecret":{"name":"key"})");
  cluster_.CreateOwn("BGPAdvertisement", "all");
  CreateService("web");
  StartAll();
  EXPECT_EQ(routers_[0]->established(), 0);
  EXPECT_THAT(ProblemsOf(nodes_[0]), Contains(HasSubstr("BGPPeer/r1")));
  cluster_.CreateOwn("Secret", "key",
                     R"("type":"kubernetes.io/basic-auth",)"
                     R"("data":{"password":"c2VzYW1l"})");
  RunFor(absl::Seconds(6));
  EXPECT_EQ(routers_[0]->established(), 1);
  EXPECT_THAT(routers_[0]->RoutesText(), HasSubstr("10.1.0.100/32"));
  EXPECT_THAT(ProblemsOf(nodes_[0]), Each(Not(HasSubstr("BGPPeer"))));
}

TEST_F(KubernetesBgpTest, RoutesStayWhileTheServerIsAway) {
  CreatePeersAndAdvertisement();
  CreateService("web");
  StartAll();
  TakeServerAway();
  RunFor(absl::Minutes(3));
  EXPECT_THAT(Routes(), Each(HasSubstr("10.1.0.100/32")));
  EXPECT_THAT(Ends(), IsEmpty());
  // A node that starts meanwhile knows its peers and the service.
  Restart(nodes_[0]);
  RunFor(absl::Seconds(8));
  EXPECT_THAT(Routes(), Each(HasSubstr("10.1.0.100/32")));
}

TEST_F(KubernetesBgpTest, AClusterWithoutTheResourcesGoesOnAndSaysSoOnce) {
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.is_optional) cluster_.server_.RemoveKind(kind.resource);
  }
  CreateService("web");
  StartAll();
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  RunFor(absl::Hours(1));
  EXPECT_THAT(NewEvents("BgpAbsent"), SizeIs(3));
  EXPECT_THAT(NewEvents("ApiServerLost"), IsEmpty());
  EXPECT_THAT(NewEvents("StatusRefused"), IsEmpty());
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(KubernetesBgpTest, EachNodeSaysInAServiceBgpStatusToWhichPeers) {
  CreatePeersAndAdvertisement();
  CreateService("web");
  StartAll();
  EXPECT_THAT(BgpStatuses(),
              ElementsAre("n1 web r1", "n2 web r2", "n3 web r3"));
  const size_t writes = Writes("/servicebgpstatuses");
  EXPECT_EQ(writes, 3u) << "the object with its status";
  cluster_.PatchOwn("BGPAdvertisement", "all",
                    R"({"metadata":{"annotations":{"lb.io/med":"7"}}})");
  RunFor(absl::Minutes(30));
  EXPECT_EQ(Writes("/servicebgpstatuses"), writes);
  cluster_.CreateOwn("BGPPeer", "another",
                     R"("spec":{"myASN":64512,"peerASN":65001,)"
                     R"("peerAddress":"10.1.0.250"})");
  RunFor(absl::Seconds(5));
  EXPECT_THAT(BgpStatuses(),
              ElementsAre("n1 web another,r1", "n2 web another,r2",
                          "n3 web another,r3"));
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(5));
  EXPECT_THAT(BgpStatuses(), IsEmpty());
}

TEST_F(KubernetesBgpTest, ARestartedSpeakerAdoptsItsServiceBgpStatuses) {
  CreatePeersAndAdvertisement();
  CreateService("web");
  CreateService("mail");
  StartAll();
  const auto statuses = BgpStatuses();
  ASSERT_THAT(statuses, SizeIs(6));
  const size_t writes = Writes("/servicebgpstatuses");
  RestartAll();
  RunFor(absl::Minutes(1));
  EXPECT_EQ(BgpStatuses(), statuses);
  EXPECT_EQ(Writes("/servicebgpstatuses"), writes);
}

}  // namespace
}  // namespace lb
