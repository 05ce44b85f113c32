// The page of a controller, of which another one stands by.
#include "daemon/metrics/controller_metrics.h"

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "daemon/metrics/testing/page_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

using testing::Contains;
using testing::Pair;

class ControllerMetricsTest : public testing::Test {
 protected:
  ControllerMetricsTest() {
    cluster_.CreatePool("a", "\"192.0.2.1-192.0.2.2\"");
    for (const char* name : {"n1", "n2"}) {
      KubernetesNode::Options options;
      options.settings.enabled = true;
      options.settings.role = Role::kController;
      options.node = name;
      options.own_namespace = kOwnNamespace;
      nodes_[name] = std::make_unique<KubernetesNode>(
          KubernetesNode::Ports{&loop_, cluster_.server_.AddHost(name), &log_},
          options, Prng(1).Fork(name), [](const SourceUpdate&) {});
      nodes_[name]->Start();
    }
  }

  KubernetesNode& Acting(bool acts) {
    for (const auto& [name, node] : nodes_) {
      if (node->controller()->acts() == acts) return *node;
    }
    ADD_FAILURE() << "no such node";
    return *nodes_.begin()->second;
  }

  std::map<std::string, double> Page(const KubernetesNode& node) {
    const auto page = ReadPage(prometheus::TextSerializer().Serialize(
        CollectControllerMetrics({node, {.reads = 3}, turns_, loop_.Now()})));
    EXPECT_TRUE(page.ok()) << page.status();
    std::map<std::string, double> samples;
    for (const PageFamily& family : *page) {
      samples.insert(family.samples.begin(), family.samples.end());
    }
    return samples;
  }

  SimKubernetes cluster_{1};
  io::SimLoop& loop_ = cluster_.loop_;
  EventLog log_;
  io::TurnMeter turns_;
  std::map<std::string, std::unique_ptr<KubernetesNode>> nodes_;
};

TEST_F(ControllerMetricsTest, BothAreReadyOnceObjectsAreKnown) {
  for (const auto& [name, node] : nodes_) {
    EXPECT_THAT(Readiness(*node), StatusIs(absl::StatusCode::kUnavailable));
  }
  loop_.RunFor(absl::Seconds(10));
  for (const auto& [name, node] : nodes_) {
    EXPECT_THAT(Readiness(*node), IsOk()) << name;
  }
}

TEST_F(ControllerMetricsTest, TheControllerThatActsCountsServicesAndPools) {
  for (const char* name : {"x", "y", "z"}) cluster_.CreateService(name);
  loop_.RunFor(absl::Seconds(10));
  const auto page = Page(Acting(true));
  for (const auto& [sample, value] : std::map<std::string, double>{
           {"lb_ready", 1},
           {"lb_api_server_followed", 1},
           {"lb_controller_acts", 1},
           {"lb_controller_services{state=\"assigned\"}", 2},
           {"lb_controller_services{state=\"pending\"}", 1},
           {"lb_api_writes_total{verdict=\"refused\"}", 0},
           {"lb_api_writes_waiting", 0},
           {"metallb_allocator_addresses_total{pool=\"a\"}", 2},
           {"metallb_allocator_addresses_in_use_total{pool=\"a\"}", 2},
           {"metallb_k8s_client_config_loaded_bool", 1},
           {"metallb_k8s_client_updates_total", 3}}) {
    EXPECT_THAT(page, Contains(Pair(sample, value)));
  }
  EXPECT_GE(page.at("lb_api_writes_total{verdict=\"done\"}"), 5);
}

TEST_F(ControllerMetricsTest,
       AControllerThatStandsByCountsNothingOfTheCluster) {
  cluster_.CreateService("x");
  loop_.RunFor(absl::Seconds(10));
  const auto page = Page(Acting(false));
  EXPECT_THAT(page, Contains(Pair("lb_ready", 1)));
  EXPECT_THAT(page, Contains(Pair("lb_controller_acts", 0)));
  for (const auto& [sample, value] : page) {
    EXPECT_THAT(sample, testing::Not(testing::HasSubstr("pool=")));
    EXPECT_THAT(sample, testing::Not(testing::HasSubstr("services")));
  }
}

TEST_F(ControllerMetricsTest, WritesOfEarlierTermsCount) {
  cluster_.CreateService("x");
  loop_.RunFor(absl::Seconds(10));
  KubernetesNode& first = Acting(true);
  const double done = Page(first).at("lb_api_writes_total{verdict=\"done\"}");
  EXPECT_GE(done, 1);
  first.Stop([] {});
  loop_.RunFor(absl::Seconds(10));
  EXPECT_THAT(Page(first),
              Contains(Pair("lb_api_writes_total{verdict=\"done\"}", done)));
}

TEST_F(ControllerMetricsTest, AServerThatIsAwayIsNotFollowed) {
  loop_.RunFor(absl::Seconds(10));
  cluster_.server_.Restart(absl::Minutes(1), absl::ZeroDuration());
  loop_.RunFor(absl::Seconds(10));
  const auto page = Page(*nodes_["n1"]);
  EXPECT_THAT(page, Contains(Pair("lb_ready", 1)));
  EXPECT_THAT(page, Contains(Pair("lb_api_server_followed", 0)));
  EXPECT_THAT(page, Contains(Pair("lb_controller_acts", 0)));
}

}  // namespace
}  // namespace lb::metrics
