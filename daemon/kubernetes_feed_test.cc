// Agents of three nodes that take objects and addresses from a simulated API
// server.
#include "daemon/kubernetes_feed.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/options.h"
#include "lb/io/sim/sim_world.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Node {
  io::SimHost* host = nullptr;
  http::Client* client = nullptr;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<KubernetesFeed> feed;
};

class KubernetesFeedTest : public testing::Test {
 protected:
  KubernetesFeedTest() {
    cluster_.CreatePool("a", "\"10.1.0.100-10.1.0.120\"");
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("L2Advertisement"),
        fmt::format(R"({{"metadata":{{"namespace":"{}","name":"all"}},)"
                    R"("spec":{{}}}})",
                    kOwnNamespace));
    for (int i = 1; i <= 3; ++i) {
      const std::string name = fmt::format("n{}", i);
      Node node;
      node.host = world_.AddHost(name, fmt::format("10.1.0.{}/24", i));
      node.client = cluster_.server_.AddHost(name);
      CreateObjectsOf(name, i);
      nodes_.push_back(std::move(node));
    }
  }
  ~KubernetesFeedTest() override {
    for (Node& node : nodes_) Kill(node);
    EXPECT_THAT(cluster_.faults(), IsEmpty());
  }

  // The Node, and the pod of its speaker.
  void CreateObjectsOf(const std::string& name, int i) {
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("Node"),
        fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name));
    const kubernetes::Resource pods = {"", "v1", "pods"};
    const std::string pod = "speaker-" + name;
    cluster_.server_.Create(
        pods, fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}",)"
                          R"("labels":{{"component":"speaker"}}}}}})",
                          kOwnNamespace, pod));
    cluster_.server_.Patch(
        pods, {std::string(kOwnNamespace), pod},
        fmt::format(R"({{"status":{{"podIP":"10.1.0.{}"}}}})", i), "status");
  }

  void Start(Node& node) {
    AgentOptions options;
    options.node = node.host->name();
    options.advertise = node.host->endpoint();
    options.gossip = gossip::FastProfile();
    options.follows_records = true;
    node.agent = *Agent::Create(std::move(options), node.host->environment());
    node.agent->Start();
    KubernetesFeed::Options feed;
    feed.node.settings.enabled = true;
    feed.node.node = node.host->name();
    feed.node.own_namespace = kOwnNamespace;
    feed.node.pod = "speaker-" + node.host->name();
    feed.gossip_port = node.host->endpoint().port;
    node.feed = std::make_unique<KubernetesFeed>(
        KubernetesNode::Ports{&world_.loop(), node.client, &node.host->log()},
        std::move(feed), node.host->environment().prng.Fork("feed"),
        node.agent.get());
    node.feed->Start();
  }
  void Kill(Node& node) {
    node.feed.reset();
    if (node.host->running()) node.host->Crash();
  }
  void StartAll() {
    for (Node& node : nodes_) Start(node);
    RunFor(absl::Seconds(8));
  }
  void CreateService(const std::string& name) {
    cluster_.CreateService(name);
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("EndpointSlice"),
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{0}-x",)"
                    R"("labels":{{"kubernetes.io/service-name":"{0}"}}}},)"
                    R"("endpoints":[{{"nodeName":"n1"}}]}})",
                    name));
  }

  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  // "n2": the nodes that announce the address; "": none.
  std::string Announcers(const std::string& address) {
    std::string names;
    for (Node& node : nodes_) {
      if (node.feed == nullptr) continue;
      for (const auto& [vip, elected] :
           node.agent->View().announcing.elected()) {
        if (vip.ToString() == address) names += node.host->name();
      }
    }
    return names;
  }

  // "n2 web speaker-n2", by ServiceL2Status, sorted.
  std::vector<std::string> L2Statuses() const {
    std::vector<std::string> texts;
    for (const auto& [key, object] : cluster_.server_.store().Objects(
             {"metallb.io", "v1beta1", "servicel2statuses"})) {
      const auto* owners =
          kubernetes::NodeAt(*object, "metadata.ownerReferences");
      texts.push_back(fmt::format(
          "{} {} {}", kubernetes::TextAt(*object, "status.node"),
          kubernetes::TextAt(*object, "status.serviceName"),
          owners == nullptr
              ? ""
              : kubernetes::TextAt(owners->children.at(0), "name")));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  size_t Writes(std::string_view path) const {
    return cluster_.server_.log().Count(
        [&](const kubernetes::LoggedRequest& request) {
          return request.is_write() &&
                 request.path.find(path) != std::string::npos;
        });
  }

  io::SimWorld world_{/*seed=*/1};
  SimKubernetes cluster_{2, &world_.loop()};
  std::vector<Node> nodes_;
};

TEST_F(KubernetesFeedTest, TheSpeakersFindEachOtherAndOneAnnounces) {
  CreateService("web");
  StartAll();
  for (Node& node : nodes_) {
    EXPECT_THAT(node.agent->View().LiveMembers(), SizeIs(3));
  }
  EXPECT_EQ(cluster_.StatusOf("web"), "10.1.0.100 a");
  EXPECT_THAT(Announcers("10.1.0.100"), SizeIs(2));
  EXPECT_EQ(cluster_.server_.open_watches(), 3u * 8);
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
  for (Node& node : nodes_) EXPECT_EQ(node.agent->View().author, "");
}

TEST_F(KubernetesFeedTest, ADeletedServiceIsAnnouncedNoMore) {
  CreateService("web");
  StartAll();
  cluster_.DeleteService("web");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Announcers("10.1.0.100"), "");
}

TEST_F(KubernetesFeedTest, AnotherNodeTakesOverWhileTheServerIsAway) {
  CreateService("web");
  StartAll();
  const std::string first = Announcers("10.1.0.100");
  ASSERT_THAT(first, SizeIs(2));
  cluster_.server_.Restart(absl::Minutes(5), absl::ZeroDuration());
  RunFor(absl::Seconds(30));
  EXPECT_EQ(Announcers("10.1.0.100"), first);
  for (Node& node : nodes_) {
    if (node.host->name() == first) Kill(node);
  }
  RunFor(absl::Seconds(1));
  const std::string second = Announcers("10.1.0.100");
  EXPECT_THAT(second, SizeIs(2));
  EXPECT_NE(second, first);
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

TEST_F(KubernetesFeedTest, ANewServiceCostsFourWritesAndIdleNone) {
  cluster_.CreatePool("b", "\"10.1.1.0/24\"");
  StartAll();
  const size_t lease = Writes("/leases/");
  const size_t before = Writes("/");
  const size_t pools = Writes("/ipaddresspools/");
  for (int i = 0; i < 200; ++i) CreateService(fmt::format("s{}", i));
  RunFor(absl::Minutes(2));
  EXPECT_THAT(L2Statuses(), SizeIs(200));
  EXPECT_EQ(Writes("/servicel2statuses"), 400u);
  EXPECT_EQ(Writes("/events"), 200u);
  EXPECT_EQ(Writes("/") - before - (Writes("/leases/") - lease) -
                (Writes("/ipaddresspools/") - pools),
            4u * 200);
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
  for (Node& node : nodes_) {
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
  for (Node& node : nodes_) Kill(node);
  RunFor(absl::Seconds(1));
  for (Node& node : nodes_) {
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
