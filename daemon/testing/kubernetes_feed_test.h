// KubernetesFeedTest: agents of three nodes that take objects and addresses
// from a simulated API server.
//
// One thread; header only.
#ifndef LB_DAEMON_TESTING_KUBERNETES_FEED_TEST_H_
#define LB_DAEMON_TESTING_KUBERNETES_FEED_TEST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "daemon/kubernetes_feed.h"
#include "daemon/node_view/node_view.h"
#include "daemon/options/kubernetes_settings.h"
#include "daemon/problems/problems.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/options.h"
#include "lb/io/sim/sim_world.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {

struct FeedNode {
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
      FeedNode node;
      node.host = world_.AddHost(name, fmt::format("10.1.0.{}/24", i));
      node.client = cluster_.server_.AddHost(name);
      CreateObjectsOf(name, i);
      nodes_.push_back(std::move(node));
    }
  }
  ~KubernetesFeedTest() override {
    for (FeedNode& node : nodes_) Kill(node);
    EXPECT_THAT(cluster_.faults(), testing::IsEmpty());
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

  void Start(FeedNode& node) {
    AgentOptions options;
    options.node = node.host->name();
    options.advertise = node.host->endpoint();
    options.gossip = gossip::FastProfile();
    options.follows_records = true;
    node.agent = *Agent::Create(std::move(options), node.host->environment());
    node.agent->Start();
    KubernetesFeed::Options feed;
    feed.node.settings.enabled = true;
    if (!has_controllers_) feed.node.settings.role = Role::kSpeaker;
    feed.node.settings.pools_from = pools_from_;
    feed.node.node = node.host->name();
    feed.node.own_namespace = kOwnNamespace;
    feed.node.pod = "speaker-" + node.host->name();
    feed.server = server_name_;
    feed.gossip_port = node.host->endpoint().port;
    const io::Environment environment = node.host->environment();
    node.feed = std::make_unique<KubernetesFeed>(
        KubernetesFeed::Ports{{environment.loop, node.client, environment.log},
                              environment.state},
        std::move(feed), environment.prng.Fork("feed"), node.agent.get());
    node.host->log().SetObserver(
        [feed = node.feed.get()](const Event& event) { feed->OnEvent(event); });
    node.feed->Start();
  }
  void Kill(FeedNode& node) {
    if (node.host->running()) node.host->Crash();
    node.host->log().SetObserver(nullptr);
    node.feed.reset();
  }
  void Restart(FeedNode& node) {
    Kill(node);
    node.agent.reset();
    node.host->Restart();
    Start(node);
  }
  void RestartAll() {
    for (FeedNode& node : nodes_) Kill(node);
    for (FeedNode& node : nodes_) Restart(node);
  }
  FeedNode& NodeOf(const std::string& name) {
    for (FeedNode& node : nodes_) {
      if (node.host->name() == name) return node;
    }
    return nodes_[0];
  }
  // The server is away, for long.
  void TakeServerAway() {
    cluster_.server_.Restart(absl::Hours(1), absl::ZeroDuration());
  }
  // The events of all nodes about this object since the last call.
  std::vector<std::string> NewEvents(const std::string& reason) {
    std::vector<std::string> events;
    for (FeedNode& node : nodes_) {
      uint64_t& seen = seen_[node.host->name()];
      for (const Event& event : node.host->log().Since(seen)) {
        seen = event.sequence;
        if (event.reason == reason) events.push_back(event.message);
      }
    }
    return events;
  }
  void StartAll() {
    for (FeedNode& node : nodes_) Start(node);
    RunFor(absl::Seconds(8));
  }
  // `more`: as SimKubernetes::CreateService() has it.
  void CreateService(const std::string& name, const std::string& more = "") {
    cluster_.CreateService(name, more);
    CreateSlice(name);
  }
  void CreateSlice(const std::string& name) {
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("EndpointSlice"),
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{0}-x",)"
                    R"("labels":{{"kubernetes.io/service-name":"{0}"}}}},)"
                    R"("endpoints":[{{"nodeName":"n3"}}]}})",
                    name));
  }

  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  // "n2": the nodes that announce the address; "": none.
  std::string Announcers(const std::string& address) {
    std::string names;
    for (FeedNode& node : nodes_) {
      if (node.feed == nullptr) continue;
      for (const auto& [vip, elected] :
           node.agent->View().announcing.elected()) {
        if (vip.ToString() == address) names += node.host->name();
      }
    }
    return names;
  }

  std::vector<std::string> ProblemsOf(const FeedNode& node) {
    NodeView view = node.agent->View();
    view.api_server = node.feed->Sight();
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(view)) {
      texts.push_back(problem.text);
    }
    return texts;
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
  std::vector<FeedNode> nodes_;
  std::string server_name_ = "10.0.0.9:6443";
  // The nodes that are started from now on have these.
  bool has_controllers_ = true;
  PoolsFrom pools_from_ = PoolsFrom::kApi;
  std::map<std::string, uint64_t> seen_;
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_KUBERNETES_FEED_TEST_H_
