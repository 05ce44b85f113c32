// Agents of three nodes while their API server is away, and when it is back.
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes_feed.h"
#include "daemon/node_view/node_view.h"
#include "daemon/problems/problems.h"
#include "daemon/testing/kubernetes_feed_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class KubernetesAwayTest : public KubernetesFeedTest {
 protected:
  // The problems of kind API_SERVER at that node.
  std::vector<std::string> ServerProblems(FeedNode& node) {
    NodeView view = node.agent->View();
    view.api_server = node.feed->Sight();
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(view)) {
      if (problem.kind == ProblemKind::kApiServer) {
        texts.push_back(problem.text);
      }
    }
    return texts;
  }
};

TEST_F(KubernetesAwayTest, AnotherNodeTakesOverWhileTheServerIsAway) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  ASSERT_THAT(first, SizeIs(2));
  cluster_.server_.Restart(absl::Minutes(5), absl::ZeroDuration());
  RunFor(absl::Seconds(30));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
  for (FeedNode& node : nodes_) {
    if (node.host->name() == first) Kill(node);
  }
  RunFor(absl::Seconds(1));
  const std::string second = Announcers("10.1.0.100");
  EXPECT_THAT(second, SizeIs(2));
  EXPECT_NE(second, first);
}

TEST_F(KubernetesAwayTest, ANodeThatStartsWithoutTheServerAnnouncesAgain) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  TakeServerAway();
  RunFor(absl::Minutes(3));
  Restart(NodeOf(first));
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
}

TEST_F(KubernetesAwayTest, AllNodesThatStartWithoutTheServerElectOne) {
  for (int i = 0; i < 9; ++i) CreateService(fmt::format("s{}", i));
  StartAll();
  std::map<std::string, std::string> before;
  for (int i = 0; i < 9; ++i) {
    const std::string address = fmt::format("10.1.0.{}", 100 + i);
    before[address] = Announcers(address);
    EXPECT_THAT(before[address], SizeIs(2));
  }
  TakeServerAway();
  RunFor(absl::Minutes(3));
  RestartAll();
  RunFor(absl::Seconds(2));
  for (const auto& [address, node] : before) {
    EXPECT_EQ(Announcers(address), node) << address;
  }
  // They fail over, too.
  Kill(NodeOf(before["10.1.0.100"]));
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
}

TEST_F(KubernetesAwayTest, KeptEndpointsDecideWhoAnnouncesALocalService) {
  CreateService("web", R"(,"externalTrafficPolicy":"Local")");
  StartAll();
  ASSERT_EQ(Announcers("10.1.0.100"), "n3");
  TakeServerAway();
  RestartAll();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.0.100"), "n3");
}

// It was refused from the beginning, so no earlier value is in force.
TEST_F(KubernetesAwayTest, AServiceThatPoolsRefuseIsAnnouncedByItsStatus) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  cluster_.PatchService(
      "web",
      R"({"metadata":{"annotations":{"metallb.io/address-pool":"gone"}}})");
  for (FeedNode& node : nodes_) {
    Kill(node);
    node.host->state().values().clear();
  }
  RestartAll();
  RunFor(absl::Seconds(8));
  ASSERT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  cluster_.server_.Restart(absl::Minutes(1), absl::ZeroDuration());
  RestartAll();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
  RunFor(absl::Minutes(2));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  EXPECT_THAT(ProblemsOf(nodes_[0]),
              Contains(HasSubstr("Service/d/web: keeps 10.1.0.100")));
}

TEST_F(KubernetesAwayTest, AServiceThatWentWhileItWasRefusedIsForgotten) {
  has_controllers_ = false;
  CreateService("web");
  cluster_.PatchService(
      "web",
      R"({"metadata":{"annotations":{"metallb.io/address-pool":"gone"}}})");
  cluster_.SetStatus("web", "10.1.0.100");
  StartAll();
  ASSERT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(5));
  TakeServerAway();
  RestartAll();
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Announcers("10.1.0.100"), "");
}

// The labels of namespaces are kept with the pools that select by them.
TEST_F(KubernetesAwayTest, KeptNamespacesAdmitAServiceThatAsksForItsPool) {
  cluster_.server_.Create(SimKubernetes::ResourceOf("Namespace"),
                          R"({"metadata":{"name":"d","labels":{"team":"a"}}})");
  cluster_.CreateOwn(
      "IPAddressPool", "b",
      R"("spec":{"addresses":["10.1.1.0/24"],"serviceAllocation":)"
      R"({"namespaceSelectors":[{"matchLabels":{"team":"a"}}]}})");
  CreateService("web", R"(,"loadBalancerIP":"10.1.1.7")");
  StartAll();
  const std::string first = Announcers("10.1.1.7");
  ASSERT_THAT(first, SizeIs(2));
  cluster_.server_.Restart(absl::Minutes(1), absl::ZeroDuration());
  RestartAll();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.1.7"), first);
  RunFor(absl::Minutes(2));
  EXPECT_EQ(Announcers("10.1.1.7"), first);
  EXPECT_THAT(ProblemsOf(nodes_[0]), IsEmpty());
}

TEST_F(KubernetesAwayTest, WhenTheServerIsBackNothingMovesThatIsAsBefore) {
  CreateService("web");
  StartAll();
  CreateService("gone");
  RunFor(absl::Seconds(5));
  ASSERT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  ASSERT_EQ(cluster_.StatusOf("gone"), "10.1.0.101 a");
  const std::string first = Announcers("10.1.0.100");
  cluster_.server_.Restart(absl::Minutes(1), absl::ZeroDuration());
  RestartAll();
  RunFor(absl::Seconds(30));
  ASSERT_EQ(Announcers("10.1.0.100"), first);
  ASSERT_THAT(Announcers("10.1.0.101"), SizeIs(2));
  NewEvents("");
  cluster_.DeleteService("gone");
  CreateService("new", R"(,"loadBalancerIP":"10.1.0.105")");
  RunFor(absl::Seconds(60));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
  EXPECT_EQ(Announcers("10.1.0.101"), "");
  EXPECT_THAT(Announcers("10.1.0.105"), SizeIs(2));
  for (FeedNode& node : nodes_) {
    for (const Event& event :
         node.host->log().Since(seen_[node.host->name()])) {
      EXPECT_NE(event.object.name, "d/web")
          << event.reason << " " << event.message;
    }
  }
}

TEST_F(KubernetesAwayTest, ANewServiceIsAnnouncedSoonAfterTheServerIsBack) {
  StartAll();
  for (int round = 0; round < 10; ++round) {
    const absl::Duration forbidden = absl::Seconds(round % 4);
    cluster_.server_.Restart(absl::Minutes(2), forbidden);
    RunFor(absl::Minutes(2) + forbidden);
    const std::string name = fmt::format("web{}", round);
    CreateService(name);
    const std::string address = fmt::format("10.1.0.{}", 100 + round);
    EXPECT_TRUE(world_.loop().RunUntil(
        [&] { return !Announcers(address).empty(); }, absl::Seconds(3)))
        << name;
    RunFor(absl::Seconds(10));
  }
}

TEST_F(KubernetesAwayTest, TheAgeOfTheObjectsIsAProblemWhileTheServerIsAway) {
  CreateService("web");
  StartAll();
  FeedNode& node = nodes_[0];
  EXPECT_THAT(ServerProblems(node), IsEmpty());
  TakeServerAway();
  RunFor(absl::Seconds(1));
  EXPECT_THAT(ServerProblems(node), IsEmpty()) << "it may be back at once";
  RunFor(absl::Minutes(3));
  EXPECT_THAT(ServerProblems(node), ElementsAre(HasSubstr("(3m")));
  NewEvents("");
  Restart(node);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(NewEvents("ObjectsRestored"),
              ElementsAre(HasSubstr("objects of the API server as of ")));
  RunFor(absl::Minutes(2));
  EXPECT_THAT(ServerProblems(node), ElementsAre(HasSubstr("(5m")));
}

TEST_F(KubernetesAwayTest, AServerThatAnswersComesBeforeKeptObjects) {
  CreateService("web");
  StartAll();
  FeedNode& node = NodeOf(Announcers("10.1.0.100"));
  Kill(node);
  cluster_.DeleteService("web");
  RunFor(absl::Minutes(1));
  NewEvents("");
  Restart(node);
  for (int i = 0; i < 300; ++i) {
    RunFor(absl::Milliseconds(10));
    ASSERT_EQ(Announcers("10.1.0.100"), "");
  }
  EXPECT_THAT(NewEvents("ObjectsRestored"), IsEmpty());
}

TEST_F(KubernetesAwayTest, AServerThatDoesNotAnswerIsNotWaitedForLong) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  for (FeedNode& node : nodes_) cluster_.server_.Cut(node.host->name());
  RestartAll();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
}

TEST_F(KubernetesAwayTest, ObjectsOfAnotherServerAreRefusedByName) {
  CreateService("web");
  StartAll();
  TakeServerAway();
  server_name_ = "10.0.0.10:6443";
  NewEvents("");
  RestartAll();
  const std::vector<std::string> refused = NewEvents("StateRefused");
  ASSERT_THAT(refused, SizeIs(3));
  EXPECT_THAT(refused[0], HasSubstr("kept for \"node n1, API server 10.0.0.9"));
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Announcers("10.1.0.100"), "");
  EXPECT_THAT(ServerProblems(nodes_[0]),
              ElementsAre(HasSubstr("no object is known")));
}

}  // namespace
}  // namespace lb
